# The targets of an installed cnngen. A library of the machine that builds is of no use to a program for
# another one: there the runtime, one small file, is compiled anew.
if(NOT TARGET cnngen::cnngen)
  add_executable(cnngen::cnngen IMPORTED GLOBAL)
  set_target_properties(cnngen::cnngen PROPERTIES IMPORTED_LOCATION "${CNNGEN_EXECUTABLE}")
endif()

if(NOT TARGET cnngen::runtime)
  if(CMAKE_CROSSCOMPILING)
    add_library(cnngen_rt STATIC EXCLUDE_FROM_ALL "${CNNGEN_RUNTIME_DIR}/cnn_rt.c" "${CNNGEN_RUNTIME_DIR}/cnn_file.c")
    add_library(cnngen::runtime ALIAS cnngen_rt)
    target_include_directories(cnngen_rt PUBLIC "${CNNGEN_RUNTIME_INCLUDE_DIR}")
  else()
    add_library(cnngen::runtime STATIC IMPORTED GLOBAL)
    set_target_properties(cnngen::runtime PROPERTIES
      IMPORTED_LOCATION "${CNNGEN_RUNTIME_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${CNNGEN_RUNTIME_INCLUDE_DIR}")
  endif()
endif()
