# SPDX-License-Identifier: BSL-1.0
#
# The libraries that strata's headers include, as imported targets. The build tree and an
# installed package read this same file, so both give a user the same targets:
#
#   strata::dependencies   header-only libraries and threads; behind strata::strata
#   strata::<component>    one per optional library, and only where the library is found;
#                          each brings strata::strata along
#
# A component is looked for by header and library, not by package configuration: the packages of
# distributions, vcpkg and Conan disagree on names of targets, never on names of headers.

include_guard(GLOBAL)

set(strata_COMPONENTS lz4 zstd openssl json flatbuffers isal redis uring)

# strata_require_header(<header> <hint>): adds the directory of <header> to strata::dependencies.
function(strata_require_header header hint)
  string(MAKE_C_IDENTIFIER "STRATA_INCLUDE_${header}" variable)
  find_path(${variable} ${header})
  mark_as_advanced(${variable})
  if(NOT ${variable})
    message(FATAL_ERROR "strata needs <${header}>: install ${hint}, or name the prefix that has it "
                        "in CMAKE_PREFIX_PATH")
  endif()
  target_include_directories(strata::dependencies SYSTEM INTERFACE "${${variable}}")
endfunction()

# strata_optional_component(<name> HEADER <header> LIBRARIES <library>...)
function(strata_optional_component name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER" "LIBRARIES")
  string(MAKE_C_IDENTIFIER "STRATA_INCLUDE_${arg_HEADER}" include_variable)
  find_path(${include_variable} ${arg_HEADER})
  mark_as_advanced(${include_variable})
  set(found "${${include_variable}}")
  set(libraries)
  foreach(library IN LISTS arg_LIBRARIES)
    string(MAKE_C_IDENTIFIER "STRATA_LIBRARY_${library}" library_variable)
    find_library(${library_variable} ${library})
    mark_as_advanced(${library_variable})
    if(NOT ${library_variable})
      set(found)
    endif()
    list(APPEND libraries "${${library_variable}}")
  endforeach()
  if(NOT found)
    return()
  endif()
  add_library(strata::${name} INTERFACE IMPORTED GLOBAL)
  target_include_directories(strata::${name} SYSTEM INTERFACE "${${include_variable}}")
  target_link_libraries(strata::${name} INTERFACE strata::strata ${libraries})
endfunction()

find_package(Threads REQUIRED)
add_library(strata::dependencies INTERFACE IMPORTED GLOBAL)
target_link_libraries(strata::dependencies INTERFACE Threads::Threads)

strata_require_header(boost/version.hpp "libboost-dev (Boost 1.74 or later)")
strata_require_header(tl/expected.hpp libexpected-dev)
strata_require_header(range/v3/version.hpp librange-v3-dev)
strata_require_header(xsimd/xsimd.hpp libxsimd-dev)
strata_require_header(xxhash.h libxxhash-dev)

strata_optional_component(lz4 HEADER lz4.h LIBRARIES lz4)
strata_optional_component(zstd HEADER zstd.h LIBRARIES zstd)
strata_optional_component(openssl HEADER openssl/evp.h LIBRARIES ssl crypto)
strata_optional_component(json HEADER boost/json.hpp LIBRARIES boost_json)
strata_optional_component(flatbuffers HEADER flatbuffers/flexbuffers.h)
strata_optional_component(isal HEADER isa-l.h LIBRARIES isal)
strata_optional_component(redis HEADER hiredis/hiredis.h LIBRARIES hiredis)
strata_optional_component(uring HEADER liburing.h LIBRARIES uring)

# FlexBuffers is header-only, except for the parsing of numbers in the current locale.
if(TARGET strata::flatbuffers)
  target_compile_definitions(strata::flatbuffers INTERFACE FLATBUFFERS_LOCALE_INDEPENDENT=0)
endif()
