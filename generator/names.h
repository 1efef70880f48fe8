/* names.h: the names that models and layers may bear.
 *
 * A model's name is the prefix of everything generated for it, so it has to be free to use in C and
 * C++, and as the name of a file. A layer's name only stands in messages, comments and the names of
 * tensors: more goes. Nothing is reported here; *why, when a name is not right, ends the sentence
 * "'x' can't be ...: "; otherwise it is NULL. */
#ifndef CNNGEN_NAMES_H
#define CNNGEN_NAMES_H

#include "pool.h"

/* Whether a model, and so the C prefix, can bear the name: an identifier of at most
 * LIMIT_NAME_CHARS that is no keyword of C or C++ and no well-known name of a library. */
bool c_name_ok(const char *name, const char **why);

/* The same for a layer's name: [A-Za-z0-9_./-], a letter, digit or '_' first,
 * 1..LIMIT_NAME_CHARS. */
bool layer_name_ok(const char *name, const char **why);

/* A good name made of a bad one: "3x3-net" -> "m_3x3_net"; NULL when little of it would stay. */
const char *c_name_near(struct pool *, const char *text);

/* The file's name without its folder and without the ends of specifications and models:
 * "dir/mnist.cnn.yaml" and "mnist.onnx" -> "mnist"; "model" where nothing else stays. */
const char *file_stem(struct pool *, const char *path);

/* The name of a model whose spec says none: "dir/mnist.cnn.yaml" -> "mnist". Always a good one. */
const char *c_name_from_path(struct pool *, const char *path);

#endif
