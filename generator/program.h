/* program.h: what programs that run emitted code are made from, whatever they run it for: their
 * templates, the arguments that describe a network, and its inputs. */
#ifndef CNNGEN_PROGRAM_H
#define CNNGEN_PROGRAM_H

#include "build.h"
#include "images.h"
#include "session.h"
#include "template.h"

/* Expands a built-in template into a file of the folder. */
void program_write(struct build *, const char *template, const struct args *,
        template_insert *insert, void *context, const char *name);

/* Finds out whether the compiler has OpenMP: what is compiled from now on uses it, or not. */
bool program_openmp(struct build *);

/* MODEL, UPPER, IN, OUT, INPUT_BYTES and OUTPUT_FLOATS of the session's network. */
/* Writes the weights file NAME.weights, or NAME.inc: its bytes as string literals, for a program
 * that gives them; nothing where weights are in the C text. */
void program_weights(struct session *, struct build *, const char *name);
void program_weights_args(struct session *, struct build *, const char *name, struct args *);

void program_args(struct session *, struct args *);

/* "3136, 196": of each input, bytes or, with width, those of an element. */
const char *program_input_bytes(struct session *, bool width);

/* What the program will be given, from files or at random. False after a message on stderr: exit
 * code 2. */
bool program_images(struct session *, enum fill, struct images *);

/* Appends them as the program's types, one input behind the other. */
void program_inputs(const struct graph *, const struct images *, struct out *);

#endif
