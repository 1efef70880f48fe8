/* Any bytes as a file of which cnngen is to say what it is: recognised the same way twice, described whole,
 * and a specification, which begins with its version, is never taken for something else. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "/tmp/fuzz_format.XXXXXX";

static void remove_file(void)
{
    unlink(path);
}

/* One file for all runs, which holds these bytes afterwards. */
static void write_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    if (fd < 0) {
        fd = mkstemp(path);
        atexit(remove_file);
    }
    if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char version[] = "cnngen: 1\n";
    struct pool *pool = pool_new();
    write_file(data, size);
    const struct format *found = format_find(pool, path);
    if (found != format_find(pool, path))
        bug("another format the second time");
    if (found && (!found->what || !*found->what))
        bug("a format without a description");
    if (found && found->weights_only && !found->help)
        bug("no model, and nothing that says what to do with it");
    if (found && size >= sizeof version - 1 && !memcmp(data, version, sizeof version - 1))
        bug("a specification taken for something else");
    pool_free(pool);
    return 0;
}
