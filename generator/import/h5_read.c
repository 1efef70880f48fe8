#include "h5_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "h5_child.h"
#include "out.h"

/* What the other process says. Nothing of it is trusted: it may have been led astray by the file. */
struct reader {
    struct pool *pool;
    const char *at, *end;
    bool broken;                 /* a message that isn't whole */
};

static uint64_t get(struct reader *r)
{
    uint64_t v = 0;
    if ((size_t)(r->end - r->at) < sizeof v) {
        r->broken = true;
        return 0;
    }
    memcpy(&v, r->at, sizeof v);
    r->at += sizeof v;
    return v;
}

static const char *get_bytes(struct reader *r, uint64_t n)
{
    const char *at = r->at;
    if (r->broken || n > (uint64_t)(r->end - r->at)) {
        r->broken = true;
        return "";
    }
    r->at += n;
    return at;
}

static const char *get_text(struct reader *r)
{
    uint64_t n = get(r);
    const char *at = get_bytes(r, n);
    return r->broken ? "" : pool_copy(r->pool, at, (size_t)n);
}

static void get_attr(struct reader *r, struct h5 *h5)
{
    struct h5_attr a = {.path = get_text(r), .name = get_text(r)};
    uint64_t n = get(r);
    if (n > H5_MAX_STRINGS)
        r->broken = true;
    if (r->broken)
        return;
    const char **text = NEW_ARRAY(r->pool, const char *, n + 1);
    for (uint64_t i = 0; i < n; i++)
        text[i] = get_text(r);
    a.text = text;
    a.n = (int)n;
    vec_push(r->pool, &h5->attr, a);
}

static void get_data(struct reader *r, struct h5 *h5)
{
    struct h5_data d = {.path = get_text(r)};
    int64_t n = 1;
    uint64_t rank = get(r);
    if (rank > H5_MAX_RANK)
        r->broken = true;
    d.rank = (int)rank;
    for (int i = 0; !r->broken && i < d.rank; i++) {
        d.dim[i] = (int64_t)get(r);
        if (d.dim[i] < 0 || !mul_ok(n, d.dim[i], &n))
            r->broken = true;
    }
    if (get(r) && !r->broken) {
        int64_t bytes = 0;
        if (!mul_ok(n, sizeof(float), &bytes))
            r->broken = true;
        const char *at = get_bytes(r, (uint64_t)bytes);
        float *to = NEW_ARRAY(r->pool, float, r->broken ? 1 : n + 1);
        if (!r->broken)
            memcpy(to, at, (size_t)bytes);
        d.at = to;
    }
    if (!r->broken)
        vec_push(r->pool, &h5->data, d);
}

/* ---- the process ----------------------------------------------------------------------------- */

static void be_the_child(const struct source *file, int to)
{
    rlim_t seconds = H5_CPU_SECONDS + file->len / H5_BYTES_PER_SECOND;
    const struct rlimit cpu = {seconds, seconds}, no_core = {0, 0};
    FILE *f = fdopen(to, "wb");
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_CORE, &no_core);
    if (f)
        h5_child(file->text, file->len, f);
    _exit(!f || fclose(f) != 0);
}

/* All that the process says; whether it ended well. */
static bool listen_to(pid_t child, int from, struct out *said)
{
    enum { PIECE = 1 << 16 };
    char *piece = malloc(PIECE);
    int status = 0;
    if (!piece)
        die("out of memory");
    for (;;) {
        ssize_t n = read(from, piece, PIECE);
        if (n > 0)
            out_raw(said, piece, (size_t)n);
        else if (n == 0 || errno != EINTR)
            break;
    }
    free(piece);
    close(from);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool run_child(const struct source *file, struct out *said)
{
    int ends[2];
    fflush(NULL);
    if (pipe(ends) != 0)
        die("can't make a pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0)
        die("can't start a process to read HDF5: %s", strerror(errno));
    if (child == 0) {
        close(ends[0]);
        be_the_child(file, ends[1]);
    }
    close(ends[1]);
    return listen_to(child, ends[0], said);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static bool refuse(struct diag *d, struct span at, const char *why)
{
    diag_error(d, DIAG_BAD_MODEL, at, "HDF5: %s", why);
    return false;
}

/* The other process has quoted what comes from the file; this holds if it has gone mad, too. */
static const char *printable(const char *text)
{
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127)
            return "the file is damaged";
    return text;
}

static bool understand(struct reader *r, struct span at, struct diag *d, struct h5 *h5)
{
    while (!r->broken && r->at < r->end) {
        int what = *r->at++;
        if (what == H5_SAYS_ATTR)
            get_attr(r, h5);
        else if (what == H5_SAYS_DATA)
            get_data(r, h5);
        else if (what == H5_SAYS_DONE && r->at == r->end)
            return true;
        else if (what == H5_SAYS_ERROR)
            return refuse(d, at, printable(get_text(r)));
        else
            break;
    }
    return refuse(d, at, "the file is damaged: the HDF5 library failed on it");
}

bool h5_read(struct pool *pool, const struct source *file, struct span at, struct diag *d,
        struct h5 *h5)
{
    struct out said;
    *h5 = (struct h5){0};
    out_init(&said);
    bool ended_well = run_child(file, &said);
    struct reader r = {.pool = pool, .at = said.text, .end = said.text + said.len};
    bool ok = ended_well ? understand(&r, at, d, h5)
                         : refuse(d, at, "the file is damaged: the HDF5 library failed on it");
    out_free(&said);
    return ok;
}

const struct h5_attr *h5_attr(const struct h5 *h5, const char *path, const char *name)
{
    for (int i = 0; i < h5->attr.n; i++)
        if (!strcmp(h5->attr.at[i].path, path) && !strcmp(h5->attr.at[i].name, name))
            return &h5->attr.at[i];
    return NULL;
}
