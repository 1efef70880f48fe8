#include "option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "targets.h"

enum { MAX_SEED = 1 << 30 };

const char small_target[] = "cortex-m";

/* The index of the option's argument among its words; -1 after a message. */
static int choose(struct parser *p, const char *name, const char *const *words, int n,
        const char *arg)
{
    int i = word_index(words, n, arg);
    if (i < 0)
        fail(p->status, "--%s is %s, not '%s'%s", name, list_words(p->pool, words, n),
                shown(p->pool, arg, strlen(arg)), suggestion(p->pool, arg, words, n));
    return i;
}

/* Decimal digits and nothing else. */
static bool parse_int(struct parser *p, const char *name, const char *arg, int64_t min, int64_t max,
        int64_t *out)
{
    char *end;
    errno = 0;
    long long n = strtoll(arg, &end, 10);
    if (!*arg || strspn(arg, "0123456789") != strlen(arg) || errno || n < min || n > max)
        return fail(p->status, "--%s is a number from %lld to %lld, not '%s'", name, (long long)min,
                (long long)max, shown(p->pool, arg, strlen(arg)));
    *out = n;
    return true;
}

/* Digits, with a point perhaps. */
static bool parse_decimal(struct parser *p, const char *name, const char *arg, double min,
        double max, double *out)
{
    char *end;
    *out = strtod(arg, &end);
    if (!*arg || strspn(arg, "0123456789.") != strlen(arg) || *end || !(*out >= min && *out <= max))
        return fail(p->status, "--%s is a number from %.10g to %.10g, not '%s'", name, min, max,
                shown(p->pool, arg, strlen(arg)));
    return true;
}

bool set_output(struct parser *p, const char *arg)
{
    if (p->options->command == CMD_RUN)
        vec_push(p->pool, &p->options->output_npy, arg);
    else if (p->options->output)
        return fail(p->status, "--output is given twice");
    else
        p->options->output = arg;
    return true;
}

bool set_prefix(struct parser *p, const char *arg)
{
    const char *why;
    p->options->prefix = arg;
    return c_name_ok(arg, &why) ||
           fail(p->status, "'%s' can't be a prefix: %s", shown(p->pool, arg, strlen(arg)), why);
}

bool set_target(struct parser *p, const char *arg)
{
    const char *known[TARGET_COUNT + 2] = {"all", small_target}, *unknown;
    for (int i = 0; i < TARGET_COUNT; i++)
        known[i + 2] = targets[i].name;
    p->small = !strcmp(arg, small_target);
    p->options->targets = targets_parse(p->small ? "scalar" : arg, &unknown);
    if (p->options->targets)
        return true;
    const char *word = pool_copy(p->pool, unknown, strcspn(unknown, ","));
    if (!strcmp(word, small_target))
        return fail(p->status, "target '%s' is one by itself, not part of a list", small_target);
    return fail(p->status, "unknown target '%s'%s", shown(p->pool, word, strlen(word)),
            suggestion(p->pool, word, known, TARGET_COUNT + 2));
}

bool set_max_threads(struct parser *p, const char *arg)
{
    int64_t n;
    if (!parse_int(p, "max-threads", arg, 1, 1024, &n))
        return false;
    p->options->max_threads = (int)n;
    return true;
}

bool set_max_weight_growth(struct parser *p, const char *arg)
{
    p->options->growth_text = arg;
    return parse_decimal(p, "max-weight-growth", arg, 1, 100, &p->options->max_weight_growth);
}

/* "64K", "2M": bytes, at least 1. */
static bool parse_size(struct parser *p, const char *name, const char *arg, int64_t *out)
{
    size_t digits = strspn(arg, "0123456789");
    const char *unit = arg + digits;
    int shift = !strcmp(unit, "K") ? 10 : !strcmp(unit, "M") ? 20 : 0;
    long long n = digits && digits <= 9 ? strtoll(arg, NULL, 10) : 0;
    if (n < 1 || (*unit && !shift))
        return fail(p->status, "--%s is a number from 1 to 999999999, of bytes, or of KiB or MiB as "
                "in 64K and 2M, not '%s'", name, shown(p->pool, arg, strlen(arg)));
    *out = (int64_t)n << shift;
    return true;
}

bool set_max_arena(struct parser *p, const char *arg)
{
    return parse_size(p, "max-arena", arg, &p->options->budget.arena);
}

bool set_max_weights(struct parser *p, const char *arg)
{
    return parse_size(p, "max-weights", arg, &p->options->budget.weights);
}

bool set_max_stack(struct parser *p, const char *arg)
{
    return parse_size(p, "max-stack", arg, &p->options->budget.stack);
}

bool set_math(struct parser *p, const char *arg)
{
    int i = choose(p, "math", math_modes, MATH_MODES, arg);
    p->options->math = (enum math_mode)i;
    p->math_given = true;
    return i >= 0;
}

bool set_weights(struct parser *p, const char *arg)
{
    int i = choose(p, "weights", storages, STORAGES, arg);
    p->options->storage = (enum storage)i;
    return i >= 0;
}

bool set_dump(struct parser *p, const char *arg)
{
    int i = choose(p, "dump", dump_words + 1, LENGTH(dump_words) - 1, arg);
    p->options->dump = (enum dump)(i + 1);
    return i >= 0;
}

bool set_color(struct parser *p, const char *arg)
{
    p->color = arg;
    return choose(p, "color", color_words, LENGTH(color_words), arg) >= 0;
}

bool set_input(struct parser *p, const char *arg)
{
    vec_push(p->pool, &p->options->input, arg);
    return true;
}

bool add_shape(struct parser *p, const char *arg)
{
    vec_push(p->pool, &p->options->shape, arg);
    return true;
}

bool set_seed(struct parser *p, const char *arg)
{
    return parse_int(p, "seed", arg, 0, MAX_SEED, &p->options->seed);
}

bool set_fill(struct parser *p, const char *arg)
{
    unsigned set = 0;
    for (const char *at = arg; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        int i = choose(p, "fill", fills, LENGTH(fills), pool_copy(p->pool, at, strcspn(at, ",")));
        if (i < 0)
            return false;
        set |= 1u << i;
    }
    p->options->fill = set;
    return !(set & 1u << FILL_INTEGER) || set == 1u << FILL_INTEGER ||
           fail(p->status, "--fill integer changes the weights too: it goes with no other kind");
}

bool set_seconds(struct parser *p, const char *arg)
{
    return parse_decimal(p, "seconds", arg, 0.01, 3600, &p->options->seconds);
}

bool set_time_limit(struct parser *p, const char *arg)
{
    return parse_decimal(p, "time-limit", arg, 0.01, 1e6, &p->options->time_limit);
}

bool set_threads(struct parser *p, const char *arg)
{
    int64_t n;
    if (!parse_int(p, "threads", arg, 1, 1024, &n))
        return false;
    p->options->threads = (int)n;
    return true;
}

bool set_what(struct parser *p, const char *arg)
{
    int i = choose(p, "what", pictures, LENGTH(pictures), arg);
    p->options->picture = (enum picture_of)i;
    return i >= 0;
}

bool add_deps_target(struct parser *p, const char *arg)
{
    vec_push(p->pool, &p->options->deps_target, arg);
    return true;
}

bool add_prefix_map(struct parser *p, const char *arg)
{
    vec_push(p->pool, &p->options->prefix_map, arg);
    return strchr(arg, '=') || fail(p->status, "--file-prefix-map is OLD=NEW, not '%s'",
            shown(p->pool, arg, strlen(arg)));
}
