# embed_text(TARGET FILE HEADER header SYMBOL namespace::name): compiles a text file into a target, as the std::string_view that
# the header declares. Run as a script (cmake -P) it writes the source, so that the text is read anew whenever it changes.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${TEXT}" text)
  string(FIND "${text}" ")embedded\"" clash)
  if(NOT clash EQUAL -1)
    message(FATAL_ERROR "${TEXT} holds the end of a raw string")
  endif()
  string(REGEX MATCH "^(.*)::([^:]+)$" whole "${SYMBOL}")
  file(WRITE "${OUTPUT}" "#include \"${HEADER}\"\n\n"
                         "#pragma clang diagnostic ignored \"-Woverlength-strings\"\n\n"
                         "namespace ${CMAKE_MATCH_1} {\n"
                         "const std::string_view ${CMAKE_MATCH_2} = R\"embedded(${text})embedded\";\n}\n")
  return()
endif()

function(embed_text target file)
  cmake_parse_arguments(ARG "" "HEADER;SYMBOL" "" ${ARGN})
  if(NOT TARGET ${target})
    return()
  endif()
  get_filename_component(name ${file} NAME)
  set(text ${CMAKE_SOURCE_DIR}/${file})
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}.cc)
  set(script ${CMAKE_SOURCE_DIR}/cmake/embed_text.cmake)
  add_custom_command(OUTPUT ${output} DEPENDS ${text} ${script} VERBATIM
    COMMAND ${CMAKE_COMMAND} -DTEXT=${text} -DOUTPUT=${output} -DHEADER=${ARG_HEADER} -DSYMBOL=${ARG_SYMBOL} -P ${script})
  target_sources(${target} PRIVATE ${output})
endfunction()
