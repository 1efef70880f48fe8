#include "option.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "help.h"
#include "out.h"
#include "out_file.h"
#include "reference.h"
#include "schema.h"
#include "targets.h"

enum { FIRST_VALUE = 256 };  /* getopt's value of option_defs[i]: this + i */

/* ---- help, version --------------------------------------------------------------------------- */

static bool do_instant(struct pool *pool, const struct option_def *d, int *status)
{
    struct out out;
    struct out_file file = {"-", &out, 0};
    const char *failed;
    out_init(&out);
    if (d->letter == 'h')
        out_printf(&out, "%s", help_text);
    else if (d->letter == 'V')
        out_printf(&out, "%s", version_text);
    else if (!strcmp(d->name, "print-schema"))
        schema_print(&out);
    else if (!strcmp(d->name, "print-options"))
        option_print_all(pool, &out);
    else
        reference_print(&out);
    if (!out_commit(&file, 1, &failed))
        die("can't write standard output: %s", strerror(errno));
    out_free(&out);
    *status = 0;
    return false;
}

/* ---- parsing --------------------------------------------------------------------------------- */

static void fill_getopt(char *letters, struct option *longs)
{
    strcpy(letters, "-:M:");  /* words come in their places, a missing argument as ':' */
    letters += 4;
    for (int i = 0; i < option_count; i++) {
        bool arg = option_has_argument(&option_defs[i]);
        longs[i] = (struct option){option_defs[i].name, arg ? required_argument : no_argument, NULL,
                FIRST_VALUE + i};
        if (option_defs[i].letter)
            *letters++ = option_defs[i].letter;
        if (option_defs[i].letter && arg)
            *letters++ = ':';
    }
    *letters = 0;
}

static const struct option_def *find_def(int value)
{
    for (int i = 0; i < option_count; i++)
        if (value == FIRST_VALUE + i || (value && value == option_defs[i].letter))
            return &option_defs[i];
    return NULL;
}

static bool unknown_option(struct pool *pool, const char *word, int *status)
{
    const char *known[MAX_OPTIONS];
    size_t len;
    if (strncmp(word, "--", 2))
        return fail(status, "unknown option '-%s'", shown(pool, word, strlen(word)));
    len = strcspn(word + 2, "=");
    for (int i = 0; i < option_count; i++)
        known[i] = pool_printf(pool, "--%s", option_defs[i].name);
    for (int i = 0; i < option_count; i++)
        if (len && !strncmp(option_defs[i].name, word + 2, len))
            return fail(status, "'%s' is short for several options", shown(pool, word, len + 2));
    return fail(status, "unknown option '%s'%s", shown(pool, word, len + 2),
            suggestion(pool, pool_copy(pool, word, len + 2), known, option_count));
}

/* What getopt refused: value is ':' or '?'. */
static bool bad_option(struct pool *pool, int value, char **argv, int *status)
{
    const struct option_def *d = find_def(optopt);
    if (d && value == ':')
        return fail(status, "--%s needs an argument", d->name);
    if (d)
        return fail(status, "--%s takes no argument", d->name);
    if (optopt)
        return unknown_option(pool, pool_printf(pool, "%c", optopt), status);
    return unknown_option(pool, argv[optind - 1], status);
}

/* "-MD", "-MF FILE", "-MFFILE": text is what follows the M. The argument may be the next word. */
static bool read_gcc_name(struct pool *pool, int argc, char **argv, const char *text,
        struct given *given, int *status)
{
    for (int i = 0; i < LENGTH(gcc_names); i++) {
        if (*text != gcc_names[i].letter)
            continue;
        const struct option_def *d = option_named(gcc_names[i].name);
        bool joined = text[1] != 0;
        if (joined && !option_has_argument(d))
            break;
        if (!joined && option_has_argument(d) && optind == argc)
            return fail(status, "-M%c needs an argument", *text);
        *given = (struct given){d, NULL};
        if (option_has_argument(d))
            given->arg = joined ? text + 1 : argv[optind++];
        return true;
    }
    return fail(status, "unknown option '-M%s'", shown(pool, text, strlen(text)));
}

static void add_word(struct pool *pool, struct line *line, struct options *o, const char *word,
        bool *first)
{
    int command = *first ? word_index(command_words + 1, COMMAND_COUNT - 1, word) : -1;
    *first = false;
    if (command >= 0)
        o->command = (enum command)(command + 1);
    else
        vec_push(pool, &line->word, word);
}

static bool read_line(struct pool *pool, int argc, char **argv, struct line *line,
        struct options *o, int *status)
{
    char letters[2 * MAX_OPTIONS + 5];
    struct option longs[MAX_OPTIONS + 1] = {{0}};
    bool first = true;
    fill_getopt(letters, longs);
    opterr = 0;
    for (int value; (value = getopt_long(argc, argv, letters, longs, NULL)) != -1;) {
        if (value == 1) {
            add_word(pool, line, o, optarg, &first);
            continue;
        }
        if (value == '?' || value == ':')
            return bad_option(pool, value, argv, status);
        if (value == 'M') {
            struct given given;
            if (!read_gcc_name(pool, argc, argv, optarg, &given, status))
                return false;
            vec_push(pool, &line->option, given);
            continue;
        }
        const struct option_def *d = find_def(value);
        if (d->kind == INSTANT)
            return do_instant(pool, d, status);
        vec_push(pool, &line->option, (struct given){d, option_has_argument(d) ? optarg : NULL});
    }
    while (optind < argc)
        vec_push(pool, &line->word, argv[optind++]);
    return true;
}

/* "check or run": the commands that take the option. */
static const char *takers(struct pool *pool, const struct option_def *d)
{
    const char *words[COMMAND_COUNT];
    int n = 0;
    for (int i = 1; i < COMMAND_COUNT; i++)
        if (d->commands & (1u << i))
            words[n++] = command_words[i];
    return n ? list_words(pool, words, n) : NULL;
}

static bool misplaced(struct parser *p, const struct option_def *d)
{
    const char *command = command_words[p->options->command];
    const char *of = takers(p->pool, d);
    if (p->options->command == CMD_GENERATE)
        return fail(p->status, "--%s is for 'cnngen %s'", d->name, of);
    if (d->commands & 1u << CMD_GENERATE)
        return fail(p->status, "'cnngen %s' takes no --%s", command, d->name);
    return fail(p->status, "'cnngen %s' takes no --%s: it is for %s", command, d->name, of);
}

static bool is_repeated(const struct line *line, int i)
{
    for (int k = 0; k < i; k++)
        if (line->option.at[k].def == line->option.at[i].def)
            return true;
    return false;
}

static bool apply(struct parser *p, const struct line *line, int i)
{
    const struct option_def *d = line->option.at[i].def;
    char *base = (char *)p->options;
    if (!(d->commands & (1u << p->options->command)))
        return misplaced(p, d);
    if (!d->many && is_repeated(line, i))
        return fail(p->status, "--%s is given twice", d->name);
    if (d->kind == TEXT)
        memcpy(base + d->offset, &line->option.at[i].arg, sizeof(const char *));
    else if (d->kind == FLAG)
        base[d->offset] = true;
    else
        return d->apply(p, line->option.at[i].arg);
    return true;
}

static bool take_specs(struct parser *p, const struct line *line)
{
    struct options *o = p->options;
    int n = line->word.n;
    if (n == 0)
        return fail(p->status, "a specification is missing");
    if (n > 1 && o->command != CMD_VERIFY)
        return fail(p->status, "one specification at a time: '%s' and '%s'%s",
                shown(p->pool, line->word.at[0], strlen(line->word.at[0])),
                shown(p->pool, line->word.at[1], strlen(line->word.at[1])),
                o->command != CMD_GENERATE ? ""
                    : suggestion(p->pool, line->word.at[0], command_words + 1, COMMAND_COUNT - 1));
    for (int i = 0; i < n; i++)
        vec_push(p->pool, &o->specs, line->word.at[i]);
    o->spec = o->specs.at[0];
    return true;
}

static bool set_by(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value && strcmp(value, "0");
}

static enum diag_color resolve_color(const char *when)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    if (when && strcmp(when, "auto"))
        return strcmp(when, "always") ? COLOR_NEVER : COLOR_ALWAYS;
    if (no_color && *no_color)
        return COLOR_NEVER;
    if (set_by("CLICOLOR_FORCE"))
        return COLOR_ALWAYS;
    return isatty(2) && term && strcmp(term, "dumb") ? COLOR_ALWAYS : COLOR_NEVER;
}

/* Defaults that depend on other options. */
static void set_defaults(struct parser *p)
{
    struct options *o = p->options;
    if (!o->max_threads)
        o->max_threads = p->small ? 1 : DEFAULT_MAX_THREADS;
    if (p->small && !p->math_given)
        o->math = MATH_PRECISE;
    o->color = resolve_color(p->color);
}

bool options_parse(struct pool *pool, int argc, char **argv, struct options *o, int *status)
{
    struct line line = {0};
    struct parser p = {.pool = pool, .options = o, .status = status};
    *o = (struct options){.targets = TARGETS_ALL, .max_weight_growth = 2,
            .math = MATH_FAST, .seed = 1, .fill = 1u << FILL_RANDOM,
            .seconds = 2};
    if (!read_line(pool, argc, argv, &line, o, status))
        return false;
    for (int i = 0; i < line.option.n; i++)
        if (!apply(&p, &line, i))
            return false;
    set_defaults(&p);
    return take_specs(&p, &line) && options_agree(&p, &line);
}
