#include "option.h"

#include <string.h>

static bool deps_agree(struct parser *p)
{
    const struct options *o = p->options;
    bool to_stdout = o->output ? !strcmp(o->output, "-") : !strcmp(o->spec, "-");
    const char *without = o->deps_file ? "-MF" : o->deps_target.n ? "-MT" : "-MP";
    if (!o->deps && (o->deps_file || o->deps_target.n || o->deps_phony))
        return fail(p->status, "%s is of no use without -MD", without);
    if (o->deps && o->dump)
        return fail(p->status, "--dump writes to standard output: it takes no -MD");
    if (o->deps && to_stdout && !(o->deps_file && o->deps_target.n))
        return fail(p->status, "-MD with output to standard output needs -MF and -MT");
    return true;
}

static bool ends_in(const char *path, const char *end)
{
    size_t n = strlen(path), e = strlen(end);
    return n > e && !strcmp(path + n - e, end);
}

/* Options of programs that run: the last one matters to a report in any case. */
enum { REPORT_MEASURING = 7 };
static const char *const measuring[] = {"cc", "cflags", "input", "seed", "seconds", "threads", "weights",
        "template-dir"};

/* Pictures and pages have no default name: there are several kinds of them. */
static bool pictures_agree(struct parser *p, const struct line *line)
{
    const struct options *o = p->options;
    bool measured = o->command == CMD_PLOT ? o->picture == PICTURE_TIME : o->time;
    const char *how = o->command == CMD_PLOT ? "--what time" : "--time";
    if (o->command != CMD_PLOT && o->command != CMD_REPORT)
        return true;
    if (!o->output)
        return fail(p->status, "--output is missing: as '-o %s'",
                o->command == CMD_PLOT ? "model.svg" : "report.html");
    if (o->command == CMD_PLOT && strcmp(o->output, "-") && !ends_in(o->output, ".svg") &&
            !(o->picture == PICTURE_GRAPH && ends_in(o->output, ".dot")))
        return fail(p->status, "the name of the picture ends in .svg%s, not as '%s' does",
                o->picture == PICTURE_GRAPH ? " or .dot" : "", shown(p->pool, o->output, strlen(o->output)));
    for (int i = 0; i < line->option.n && !measured; i++) {
        const char *name = line->option.at[i].def->name;
        if (word_index(measuring, o->command == CMD_PLOT ? LENGTH(measuring) : REPORT_MEASURING, name) >= 0)
            return fail(p->status, "--%s is of no use without %s", name, how);
    }
    return true;
}

/* Weights in a file beside the C. */
static bool weights_agree(struct parser *p)
{
    const struct options *o = p->options;
    bool apart = o->split_weights || storage_file(o->storage);
    bool to_stdout = o->output && !strcmp(o->output, "-");
    if (o->split_weights && o->storage == STORAGE_BIN)
        return fail(p->status, "--weights bin leaves no C to split off: it takes no --split-weights");
    if (apart && o->command == CMD_GENERATE && !o->dump && to_stdout)
        return fail(p->status, "--%s%s writes a file beside the C: it takes no '-o -'",
                o->split_weights ? "split-weights" : "weights ",
                o->split_weights ? "" : storages[o->storage]);
    return true;
}

/* A header's name is no name for the C file, and standard input is empty when it was read. */
static bool files_agree(struct parser *p)
{
    const struct options *o = p->options;
    int from_stdin = 0;
    if (o->command == CMD_GENERATE && o->output &&
            (ends_in(o->output, ".h") || ends_in(o->output, ".hpp")))
        return fail(p->status, "--output is the C file, not the header: write '--header %s'",
                shown(p->pool, o->output, strlen(o->output)));
    for (int i = 0; i < o->specs.n; i++)
        from_stdin += !strcmp(o->specs.at[i], "-");
    return from_stdin < 2 ||
           fail(p->status, "standard input holds one specification: '-' is given twice");
}

bool options_agree(struct parser *p, const struct line *line)
{
    const struct options *o = p->options;
    if (!deps_agree(p) || !weights_agree(p) || !pictures_agree(p, line) || !files_agree(p))
        return false;
    if (o->dump && (o->output || o->header))
        return fail(p->status, "--dump writes to standard output: it takes no --%s",
                o->output ? "output" : "header");
    if (o->threads > o->max_threads)
        return fail(p->status, "--threads %d is more than --max-threads %d", o->threads,
                o->max_threads);
    if (o->input.n && o->fill != 1u << FILL_RANDOM)
        return fail(p->status, "--input leaves nothing to fill: it excludes --fill");
    if (o->specs.n > 1 && (o->input.n || o->weights_file))
        return fail(p->status, "--%s is for one specification",
                o->input.n ? "input" : "weights-file");
    return true;
}
