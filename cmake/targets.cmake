# One library target per rung of the ladder. Folders below a rung add their own sources with segue_sources, so
# that every source is listed once, beside the file it names.

add_library(segue_flags INTERFACE)
target_compile_options(
  segue_flags
  INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wnon-virtual-dtor
            -Wconversion
            -Wno-sign-conversion
            -Werror>)
# g++ 12 sees overlapping copies in plain assignments of short literals to std::string (GCC bug 105329).
target_compile_options(segue_flags INTERFACE $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-restrict>)
target_include_directories(segue_flags INTERFACE ${PROJECT_SOURCE_DIR})
if(SEGUE_SANITIZE)
  add_compile_options(-fsanitize=${SEGUE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SEGUE_SANITIZE})
  # g++ 12 sees uninitialised members inside std::function and std::regex once they are instrumented.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>)
endif()

# segue_rung(NAME LINKS...): the library of a top folder. Its headers verify that each compiles alone
# (target all_verify_interface_header_sets).
function(segue_rung name)
  add_library(segue_${name} STATIC)
  add_library(segue::${name} ALIAS segue_${name})
  target_link_libraries(segue_${name} PUBLIC segue_flags Threads::Threads ${ARGN})
  set_target_properties(segue_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()

# segue_sources(RUNG FILES...): adds files of the current folder; headers go into the rung's header set.
function(segue_sources rung)
  foreach(file IN LISTS ARGN)
    if(file MATCHES "\\.h$")
      target_sources(segue_${rung} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES
                                          ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    else()
      target_sources(segue_${rung} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    endif()
  endforeach()
endfunction()

# segue_vendor(RUNG FILE LIBRARIES...): lets one source file, and no header, see a vendor's library.
function(segue_vendor rung)
  target_link_libraries(segue_${rung} PRIVATE ${ARGN})
endfunction()

# segue_test(NAME [LABELS a b] FILES ...): one test program, run by ctest under its own name.
function(segue_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "LABELS;FILES;LINKS;VENDORS" ${ARGN})
  add_executable(${name} ${ARG_FILES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} ${ARG_VENDORS} GTest::gtest GTest::gtest_main GTest::gmock)
  target_compile_definitions(${name} PRIVATE SEGUE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  # A program whose tests all skipped says so to ctest, too.
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}" SKIP_REGULAR_EXPRESSION
                                          "\\[  PASSED  \\] 0 tests\\.[\r\n]+\\[  SKIPPED \\]")
endfunction()
