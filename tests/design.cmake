# SPDX-License-Identifier: BSL-1.0
#
# The tests that hold the design, labelled `design`: they look at sources and at what compilers
# make of them, so they run once, not again under every sanitizer.

find_package(Python3 REQUIRED COMPONENTS Interpreter)

# Both compilers, where both are here: the library promises to work with either.
set(STRATA_COMPILERS)
foreach(name IN ITEMS g++ clang++)
  find_program(STRATA_COMPILER_${name} ${name})
  if(STRATA_COMPILER_${name})
    list(APPEND STRATA_COMPILERS ${STRATA_COMPILER_${name}})
  else()
    message(WARNING "${name} is missing: the headers are not checked with it")
  endif()
endforeach()

# How a user compiles a header of ours: the language, where it is, where what it includes is.
set(STRATA_CHECK_FLAGS -std=c++20 -I${PROJECT_SOURCE_DIR}/include)
get_target_property(system_dirs strata::dependencies INTERFACE_INCLUDE_DIRECTORIES)
list(APPEND system_dirs ${STRATA_CATCH2_INCLUDE})
list(REMOVE_DUPLICATES system_dirs)
list(REMOVE_ITEM system_dirs ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
list(TRANSFORM system_dirs PREPEND -isystem)
list(APPEND STRATA_CHECK_FLAGS ${system_dirs})
if(TARGET strata::flatbuffers)
  list(APPEND STRATA_CHECK_FLAGS -DFLATBUFFERS_LOCALE_INDEPENDENT=0)
endif()

# strata_add_design_test(<name> <command>...)
function(strata_add_design_test name)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS design TIMEOUT 1800)
endfunction()

# strata_add_build_test(<name> <target>): passes when the target builds.
function(strata_add_build_test name target)
  strata_add_design_test(${name} ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target ${target}
                         -- -k 0)
  # One ninja at a time in a build tree.
  set_tests_properties(${name} PROPERTIES RESOURCE_LOCK build_tree)
endfunction()

# strata_add_syntax_test(<name> <compiler> <file>...): each file compiles, nothing is kept.
# The checks are edges of ninja: what did not change since it passed is not compiled again.
function(strata_add_syntax_test name compiler)
  cmake_path(GET compiler FILENAME compiler_name)
  set(stamps)
  foreach(file IN LISTS ARGN)
    cmake_path(RELATIVE_PATH file BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE short)
    string(REPLACE "/" "." stamp ${name}/${short})
    add_custom_command(
      OUTPUT ${stamp}
      COMMAND ${compiler} ${STRATA_CHECK_FLAGS} ${STRATA_WARNINGS} -fsyntax-only
              -MD -MF ${stamp}.d -MT ${stamp} -x c++ -include ${file} /dev/null
      COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
      DEPENDS ${file}
      DEPFILE ${stamp}.d
      COMMENT "${compiler_name}: ${short}"
      VERBATIM)
    list(APPEND stamps ${stamp})
  endforeach()
  add_custom_target(${name} DEPENDS ${stamps})
  strata_add_build_test(${name} ${name})
endfunction()

set(python ${Python3_EXECUTABLE} -B)
set(here ${CMAKE_CURRENT_SOURCE_DIR})

strata_add_design_test(architecture.includes ${python} ${here}/architecture/check_includes.py .)
strata_add_design_test(architecture.style ${python} ${here}/architecture/check_style.py .)
strata_add_design_test(architecture.readme ${python} ${here}/architecture/check_readme.py .)
strata_add_design_test(architecture.selftest ${python} ${here}/architecture/selftest.py)
strata_add_design_test(architecture.format ${here}/architecture/check_format.sh)

list(GET STRATA_COMPILERS 0 first_compiler)
strata_add_design_test(charts ${python} ${here}/charts/charts_test.py)
strata_add_design_test(charts.compare ${python} ${here}/charts/compare_test.py)
strata_add_design_test(include_cost ${python} ${here}/include_cost/check_cost.py .
                       ${first_compiler} ${STRATA_CHECK_FLAGS})

add_subdirectory(headers)
add_subdirectory(matrix)

# Templates are only compiled where they are used. The other compiler gets what uses most of them:
# every model under its kit, and the tests of the manager. It gets all tests where it builds them,
# as `./dev san` does with g++.
file(GLOB other_paths CONFIGURE_DEPENDS ${here}/matrix/*.cpp ${here}/manager/*_test.cpp)
foreach(compiler IN LISTS STRATA_COMPILERS)
  if(NOT compiler STREQUAL CMAKE_CXX_COMPILER)
    cmake_path(GET compiler FILENAME compiler_name)
    strata_add_syntax_test(tests_compile.${compiler_name} ${compiler} ${other_paths})
  endif()
endforeach()

# Benchmarks are built by `./dev bench`; here they only have to compile, so that they do not rot.
file(GLOB benchmark_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/benchmarks/*/*.cpp)
strata_add_syntax_test(benchmarks_compile ${first_compiler} ${benchmark_files})

list(JOIN STRATA_COMPILERS "," compilers)

# Programs that must not compile, and what the compiler must say first.
strata_add_design_test(compile_fail.selftest ${python} ${here}/compile_fail/selftest.py
                       ${compilers})
file(GLOB wrong_files CONFIGURE_DEPENDS RELATIVE ${here}/compile_fail compile_fail/*.cpp)
foreach(file IN LISTS wrong_files)
  cmake_path(GET file STEM name)
  strata_add_design_test(
    compile_fail.${name} ${python} ${here}/compile_fail/check_failure.py
    ${here}/compile_fail/${file} ${compilers} ${STRATA_CHECK_FLAGS} ${STRATA_WARNINGS})
endforeach()

# Old bugs that the tests must find; `./dev museum` runs all of them.
strata_add_design_test(museum.selftest ${python} ${here}/museum/selftest.py)
strata_add_design_test(
  museum.some ${python} ${here}/museum/museum.py ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}
  current_not_synced replay_over_a_hole checksum_not_verified)

# Programs whose object code must not mention what they did not compose.
strata_add_design_test(size.selftest ${python} ${here}/size/selftest.py ${compilers})
file(GLOB size_files CONFIGURE_DEPENDS RELATIVE ${here}/size size/*.cpp)
foreach(file IN LISTS size_files)
  cmake_path(GET file STEM name)
  strata_add_design_test(
    size.${name} ${python} ${here}/size/check_symbols.py ${here}/size/${file}
    ${compilers} ${STRATA_CHECK_FLAGS} ${STRATA_WARNINGS})
endforeach()

# Of the models that the default composition did not choose, none must be in its object code.
strata_add_design_test(size.policies_selftest ${python} ${here}/size/policies/selftest.py)
strata_add_design_test(
  size.policies ${python} ${here}/size/policies/check_policies.py
  $<TARGET_FILE:strata_matrix_test> ${PROJECT_SOURCE_DIR} ${here}/size/policies/default.cpp
  ${compilers} ${STRATA_CHECK_FLAGS} ${STRATA_WARNINGS})

# What operations cost in instructions: always as g++ compiles them.
strata_add_design_test(performance.selftest ${python} ${here}/instructions/selftest.py)
if(STRATA_COMPILER_g++)
  strata_add_design_test(
    performance.instructions ${python} ${here}/instructions/check_instructions.py
    --compiler ${STRATA_COMPILER_g++} -- ${STRATA_CHECK_FLAGS})
  set_tests_properties(performance.instructions PROPERTIES SKIP_RETURN_CODE 77)
endif()

# A user's project, against an installed strata and against a checkout, with each compiler.
foreach(compiler IN LISTS STRATA_COMPILERS)
  cmake_path(GET compiler FILENAME compiler_name)
  foreach(way IN ITEMS installed fetched)
    strata_add_design_test(
      consumer.${way}_${compiler_name}
      ${CMAKE_COMMAND} -D WAY=${way} -D COMPILER=${compiler} -D STRATA=${PROJECT_SOURCE_DIR}
      -D WORK=${PROJECT_BINARY_DIR}/consumer/${way}_${compiler_name} -P ${here}/consumer/run.cmake)
  endforeach()
endforeach()
