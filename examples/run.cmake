# SPDX-License-Identifier: BSL-1.0
# Runs an example as a test: see CMakeLists.txt. The data directory is $STRATA_DATA, or data/ here.

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
set(data ${EXAMPLES}/data)
if(NOT "$ENV{STRATA_DATA}" STREQUAL "")
  set(data $ENV{STRATA_DATA})
endif()

execute_process(COMMAND ${PROGRAM} ${data} WORKING_DIRECTORY ${WORK} OUTPUT_VARIABLE printed
                COMMAND_ECHO STDOUT ECHO_OUTPUT_VARIABLE COMMAND_ERROR_IS_FATAL ANY)

set(expected_file ${EXAMPLES}/${NAME}.out)
if(EXISTS ${expected_file})
  file(READ ${expected_file} expected)
  if(NOT printed STREQUAL expected)
    message(FATAL_ERROR "expected:\n${expected}")
  endif()
endif()
