# SPDX-License-Identifier: BSL-1.0
# Builds and runs the consumer in WORK with COMPILER, against STRATA (a checkout): WAY is
# `installed` (into a prefix, then find_package) or `fetched` (FetchContent of the checkout).

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK})
set(configure ${CMAKE_COMMAND} -G Ninja -D CMAKE_CXX_COMPILER=${COMPILER})

if(WAY STREQUAL "installed")
  run(${configure} -S ${STRATA} -B ${WORK}/strata -D STRATA_TESTS=OFF -D STRATA_EXAMPLES=OFF)
  run(${CMAKE_COMMAND} --install ${WORK}/strata --prefix ${WORK}/prefix)
  list(APPEND configure -D CMAKE_PREFIX_PATH=${WORK}/prefix)
else()
  list(APPEND configure -D STRATA_CHECKOUT=${STRATA})
endif()

run(${configure} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/build)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/consumer)
