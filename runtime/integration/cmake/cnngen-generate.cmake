# cnngen_add_model(TARGET SPEC FILE [PREFIX NAME] [WEIGHTS_FILE FILE] [WEIGHTS KIND] [SPLIT_WEIGHTS]
#                  [OPTIONS OPTION...])
#
# A static library TARGET of the network in FILE, compiled by cnngen. What links it can include the header,
# which has FILE's name: mnist.h for mnist.yaml and for mnist.cnn.yaml. It is made anew when the
# specification, its weights or cnngen itself change.
#
#   PREFIX        of functions and macros; default: the model's name
#   WEIGHTS_FILE  instead of the specification's
#   WEIGHTS       how they are stored, as cnngen's --weights; those of asm and bin are NAME.weights, in
#                 the folder TARGET of the current binary directory
#   SPLIT_WEIGHTS in a C file of their own, compiled once for as long as they stay the same
#   OPTIONS       others of cnngen: --target avx2 --math strict ...
#
# With CNNGEN_OPENMP (default: ON) and a compiler that has OpenMP, the network runs on several threads.
option(CNNGEN_OPENMP "Let networks run on several threads where the compiler has OpenMP" ON)

function(cnngen_add_model target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SPLIT_WEIGHTS" "SPEC;PREFIX;WEIGHTS_FILE;WEIGHTS" "OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "cnngen_add_model(${target}): unknown arguments '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT arg_SPEC)
    message(FATAL_ERROR "cnngen_add_model(${target}): SPEC is missing")
  endif()
  if(arg_OPTIONS MATCHES "(^|;)--(weights(=|;|$)|split)")
    message(FATAL_ERROR "cnngen_add_model(${target}): '${CMAKE_MATCH_0}' among OPTIONS: write WEIGHTS KIND or SPLIT_WEIGHTS")
  endif()
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(NOT "C" IN_LIST languages)
    message(FATAL_ERROR "cnngen_add_model(${target}): models are C: project(... LANGUAGES C CXX)")
  endif()
  get_filename_component(spec "${arg_SPEC}" ABSOLUTE)
  get_filename_component(name "${arg_SPEC}" NAME)
  string(REGEX REPLACE "(\\.cnn)?\\.(yaml|yml|json)$" "" name "${name}")
  set(options ${arg_OPTIONS})
  if(arg_PREFIX)
    list(APPEND options --prefix ${arg_PREFIX})
  endif()
  if(arg_WEIGHTS_FILE)
    get_filename_component(weights "${arg_WEIGHTS_FILE}" ABSOLUTE)
    list(APPEND options --weights-file ${weights})
  endif()

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}")
  set(outputs "${folder}/${name}.c" "${folder}/${name}.h")
  if(arg_WEIGHTS)
    list(APPEND options --weights ${arg_WEIGHTS})
  endif()
  set(holder "${folder}/${name}.c")
  if(arg_SPLIT_WEIGHTS)
    list(APPEND options --split-weights)
    set(holder "${folder}/${name}_weights.c")
    list(APPEND outputs "${holder}")
  endif()
  if(arg_WEIGHTS MATCHES "^(asm|bin)$")
    list(APPEND outputs "${folder}/${name}.weights")
  endif()
  if(arg_WEIGHTS STREQUAL "asm")  # compilers don't say that the assembler reads it
    set_source_files_properties("${holder}" PROPERTIES OBJECT_DEPENDS "${folder}/${name}.weights")
  endif()
  file(MAKE_DIRECTORY "${folder}")
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND cnngen::cnngen -MD -MF "${folder}/${name}.d" ${options} -o "${folder}/${name}.c" -- "${spec}"
    DEPENDS "${spec}" cnngen::cnngen
    DEPFILE "${folder}/${name}.d"
    COMMENT "Compiling ${arg_SPEC} into C"
    VERBATIM)
  add_library(${target} STATIC ${outputs})
  target_include_directories(${target} PUBLIC "${folder}")
  if(arg_WEIGHTS STREQUAL "bin")  # its users open the file with cnn_file.h
    target_link_libraries(${target} PUBLIC cnngen::runtime)
  else()
    target_link_libraries(${target} PRIVATE cnngen::runtime)
  endif()
  cnngen_link_openmp(${target})
endfunction()

# Flags and paths rather than OpenMP's imported target: other folders' targets may link the library.
function(cnngen_link_openmp target)
  if(NOT CNNGEN_OPENMP)
    return()
  endif()
  find_package(OpenMP QUIET COMPONENTS C)
  if(OpenMP_C_FOUND)
    separate_arguments(flags UNIX_COMMAND "${OpenMP_C_FLAGS}")
    target_compile_options(${target} PRIVATE ${flags})
    target_link_libraries(${target} PRIVATE ${OpenMP_C_LIBRARIES})
  endif()
endfunction()
