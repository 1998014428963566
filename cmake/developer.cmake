# SPDX-License-Identifier: BSL-1.0
# How strata's own tests, examples and benchmarks are compiled. Users of the headers see none of it.

include_guard(GLOBAL)

find_program(STRATA_CCACHE ccache)
if(STRATA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${STRATA_CCACHE})
endif()
find_program(STRATA_MOLD mold)
if(STRATA_MOLD)
  # mold 1.10.1 lets the read-only part after relocation begin a few bytes early where a program
  # has thread-local variables: if a page ends there, the program does not start.
  add_link_options(-fuse-ld=mold -Wl,-z,norelro)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(STRATA_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Sees overlapping copies in concatenated strings that are not there (GCC bug 105651).
  add_compile_options(-Wno-restrict)
endif()

set(STRATA_SANITIZE "" CACHE STRING "Sanitizers, separated by commas: address, undefined, thread")
if(STRATA_SANITIZE)
  add_compile_options(-fsanitize=${STRATA_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${STRATA_SANITIZE})
  # Instrumented code confuses the analyses behind warnings; the plain build has the say there.
  list(REMOVE_ITEM STRATA_WARNINGS -Werror)
endif()

# strata_use_all(<target>): compiles with our warnings, and against every component that was found.
function(strata_use_all target)
  target_compile_options(${target} PRIVATE ${STRATA_WARNINGS})
  target_link_libraries(${target} PRIVATE strata::strata)
  foreach(component IN LISTS strata_COMPONENTS)
    if(TARGET strata::${component})
      target_link_libraries(${target} PRIVATE strata::${component})
    endif()
  endforeach()
endfunction()
