/* option.h: what the parts of the command line's parser share.
 *
 *     options.c: argv to a line, and the line to struct options
 *         option_table.c: the options there are     option_set.c: what each does
 *         option_check.c: which exclude each other  option_say.c: messages
 *     option_command.c: struct options as the command that gives it */
#ifndef CNNGEN_OPTION_H
#define CNNGEN_OPTION_H

#include "options.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof(array)[0]))

enum { MAX_OPTIONS = 64, DEFAULT_MAX_THREADS = 8 };

struct out;

struct parser {
    struct pool *pool;
    struct options *options;
    const char *color;         /* --color, as given */
    bool small;                /* --target cortex-m: other defaults */
    bool math_given;
    int *status;
};

typedef bool apply_fn(struct parser *, const char *arg);

enum kind { TEXT, FLAG, CALL, INSTANT };   /* INSTANT: done when met, whatever else is there */

struct option_def {
    const char *name;
    char letter;               /* 0: none */
    enum kind kind;
    size_t offset;             /* TEXT: of a const char *; FLAG: of a bool */
    apply_fn *apply;           /* CALL; its argument is required */
    unsigned commands;         /* that take it */
    bool many;                 /* may be repeated */
};

extern const struct option_def option_defs[];
extern const int option_count;               /* at most MAX_OPTIONS */
const struct option_def *option_named(const char *name);
bool option_has_argument(const struct option_def *);

/* The names that gcc has for options about dependencies: "-MD". */
struct gcc_name { char letter; const char *name; };
extern const struct gcc_name gcc_names[4];

/* "-o --output<TAB>file<TAB>generate,run<TAB>the C file": one option a line, as completions read it. */
void option_print_all(struct pool *, struct out *);

/* The words of options and commands. */
extern const char *const command_words[COMMAND_COUNT];
extern const char *const dump_words[6];      /* the first is no word of --dump */
extern const char *const color_words[3];

/* Not an instruction set, but what suits a microcontroller: the scalar target, one thread, and no
 * Winograd, whose weights and buffers are larger. Other options given beside it win. */
extern const char small_target[];

/* ---- a line ---------------------------------------------------------------------------------- */

struct given { const struct option_def *def; const char *arg; };

/* A command line, before it is known what its words mean for the command. */
struct line {
    VEC(struct given) option;
    VEC(const char *) word;    /* but for the command */
};

/* False after a usage error. */
bool options_agree(struct parser *, const struct line *);

/* ---- messages -------------------------------------------------------------------------------- */

/* A usage error, as what options_parse returns: false, with *status to exit with. */
bool fail(int *status, const char *fmt, ...) PRINTF_LIKE(2, 3);

const char *shown(struct pool *, const char *text, size_t len);  /* free of what a terminal would obey */

/* "; did you mean 'x'?", or nothing. */
const char *suggestion(struct pool *, const char *word, const char *const *known, int n);

const char *list_words(struct pool *, const char *const *words, int n);   /* "a, b or c" */
int word_index(const char *const *words, int n, const char *word);        /* -1: none of them */

/* ---- what options do ------------------------------------------------------------------------- */

apply_fn set_output, set_prefix, set_target, set_max_threads,
        set_max_weight_growth, set_max_arena, set_max_weights, set_max_stack, set_weights,
        set_dump, set_color, set_input, set_seed, set_fill, set_math, set_seconds, set_time_limit,
        set_threads, set_what, add_deps_target, add_prefix_map, add_shape;

#endif
