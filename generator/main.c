/* cnngen: compiles a convolutional network, written as YAML, into C.
 *
 *     text -> spec -> graph -> plan -> C text        (session.c)
 *     model -> text                                  (import.c)
 *
 * Exit codes: 0 fine, 1 the model is wrong, 2 usage, files or the environment. */
#include <string.h>

#include "import.h"
#include "session.h"

static command_fn *const commands[COMMAND_COUNT] = {
    [CMD_GENERATE] = command_generate,
    [CMD_CHECK] = command_check,
    [CMD_SUMMARY] = command_summary,
    [CMD_RUN] = command_run,
    [CMD_VERIFY] = command_verify,
    [CMD_BENCH] = command_bench,
    [CMD_TUNE] = command_tune,
    [CMD_PLOT] = command_plot,
    [CMD_REPORT] = command_report,
};

int main(int argc, char **argv)
{
    struct pool *pool = pool_new();
    struct options options;
    int status;
    if (argc > 1 && !strcmp(argv[1], "import")) {
        status = command_import(pool, argc - 1, argv + 1);
    } else if (options_parse(pool, argc, argv, &options, &status)) {
        struct session session = {.pool = pool, .options = &options, .diag = diag_new(pool)};
        status = commands[options.command](&session);
    }
    pool_free(pool);
    return status;
}
