/* options.h: the command line. */
#ifndef CNNGEN_OPTIONS_H
#define CNNGEN_OPTIONS_H

#include "budget.h"
#include "diag.h"
#include "math_mode.h"
#include "pool.h"
#include "storage.h"

enum command { CMD_GENERATE, CMD_CHECK, CMD_SUMMARY, CMD_RUN, CMD_VERIFY, CMD_BENCH,
    CMD_TUNE, CMD_PLOT, CMD_REPORT, COMMAND_COUNT };
enum fill { FILL_RANDOM, FILL_SPECIAL, FILL_INTEGER, FILLS };
enum picture_of { PICTURE_GRAPH, PICTURE_MEMORY, PICTURE_TIME, PICTURES };

extern const char *const fills[FILLS];        /* as --fill names them */
extern const char *const pictures[PICTURES];  /* as --what does */
enum dump { DUMP_NONE, DUMP_SPEC, DUMP_GRAPH, DUMP_SHAPES, DUMP_OPT, DUMP_PLAN };

struct options {
    enum command command;
    const char *spec;             /* path; "-" is standard input */
    VEC(const char *) specs;      /* all of them: verify takes several; the others have this one */
    const char *output;           /* -o; NULL: the spec's stem + ".c", here; "-": standard output */
    const char *header;           /* -H; NULL: the output's with ".h", none when that is "-" */
    bool deps, deps_phony;        /* -MD, -MP */
    const char *deps_file;        /* -MF; NULL: the output's with ".d" */
    VEC(const char *) deps_target; /* -MT; none: the outputs */
    VEC(const char *) prefix_map; /* --file-prefix-map, each "OLD=NEW" */
    const char *prefix;           /* NULL: the model's name */
    unsigned targets;             /* TARGET_BITs */
    int max_threads;
    double max_weight_growth;     /* 1 .. 100 */
    const char *growth_text;      /* as given; NULL: the default */
    enum math_mode math;
    struct budget budget;         /* --max-arena, --max-weights, --max-stack */
    const char *template_dir;
    const char *tuning;           /* --tuning: a file that tune wrote; NULL: none */
    const char *weights_file;
    VEC(const char *) shape;      /* --shape INPUT=1,3,224,224, of models of other formats */
    bool standalone, selftest, static_arena;
    enum storage storage;         /* of weights: --weights */
    bool split_weights;           /* into a C file of their own */
    enum dump dump;
    bool quiet, verbose;
    enum diag_color color;        /* --color, NO_COLOR, whether stderr is a terminal */
    bool json;                    /* summary, bench */
    VEC(const char *) input;      /* .npy files in the network's order */
    VEC(const char *) output_npy; /* run: -o, likewise */
    const char *cc;               /* verify, bench, tune: compiler; NULL: $CC or cc */
    const char *cflags;           /* verify, bench, tune: its options; NULL: "-O2" */
    const char *runner;           /* verify: --run, put before the program; NULL: none */
    int64_t seed;                 /* verify, bench: of their random inputs */
    unsigned fill;                /* verify: what these are like: 1 << FILL_..., one run for each */
    double seconds;               /* bench, tune: for the timing of one program */
    double time_limit;            /* tune: for everything; 0: none */
    int threads;                  /* bench: at most; 0: as many as OpenMP offers */
    enum picture_of picture;      /* plot: --what */
    bool time;                    /* report: measure */
    bool bare_targets;            /* bench, of what it compiles: see emit.h */
};

/* Parses argv. Prints help, version or a usage error itself: then returns false with *status to
 * exit with. An option that the command doesn't take is a usage error. */
bool options_parse(struct pool *, int argc, char **argv, struct options *, int *status);

/* The command that makes the same text again: only options that change it, in a fixed order, and
 * no folders but those that --file-prefix-map shows; words that a shell would split are quoted. Safe inside a C comment. */
const char *options_command(struct pool *, const struct options *);

/* The last part of a path, made safe to show in a C comment or on a terminal. */
const char *options_base_name(struct pool *, const char *path);

/* The path as emitted text names it: its last part, or all of it where --file-prefix-map maps it. */
const char *options_shown_path(struct pool *, const struct options *, const char *path);

/* "cnngen: MESSAGE", "Try 'cnngen --help'." to stderr; exit code 2 is the caller's to give. */
void usage_error(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
