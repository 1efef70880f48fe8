#include "build.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS = 2, EXIT_NOT_FOUND = 127 };

/* ---- the private folder ---------------------------------------------------------------------- */

/* What is to be removed, newest first: only ever added to in front, so that a signal handler may
 * walk it at any time. The folder is the last one. */
struct leftover {
    struct leftover *next;
    char path[];
};

static struct leftover *volatile leftovers;
static pid_t owner;                        /* children forget about the folder */
static volatile pid_t children[JOBS];      /* that run, as kill() takes them: -GROUP; 0: none */

static void remove_leftovers(void)
{
    if (getpid() != owner)
        return;
    for (struct leftover *l = leftovers; l; l = l->next)
        if (unlink(l->path))
            rmdir(l->path);
}

/* A compiler's own children outlive it by a moment, in which they may write into the folder. */
static void end_child(pid_t child)
{
    const struct timespec moment = {0, 5000000};
    if (kill(child, SIGTERM))
        return;
    waitpid(child, NULL, 0);
    for (int i = 0; i < 100 && child < 0 && !kill(child, 0); i++)
        nanosleep(&moment, NULL);
}

static void on_signal(int number)
{
    for (int i = 0; i < JOBS; i++)
        if (children[i])
            end_child(children[i]);
    remove_leftovers();
    signal(number, SIG_DFL);
    raise(number);
}

static void add_leftover(const char *path)
{
    struct leftover *l = malloc(sizeof *l + strlen(path) + 1);
    if (!l)
        die("out of memory");
    strcpy(l->path, path);
    l->next = leftovers;
    leftovers = l;
}

static void make_folder(struct build *b)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGABRT};
    const char *tmp = getenv("TMPDIR");
    char *dir = pool_printf(b->pool, "%s/cnngen-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    owner = getpid();
    if (!mkdtemp(dir))
        die("can't make a folder '%s': %s", dir, strerror(errno));
    b->dir = dir;
    add_leftover(dir);
    atexit(remove_leftovers);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (signal(signals[i], on_signal) == SIG_IGN)
            signal(signals[i], SIG_IGN);
}

const char *build_path(struct build *b, const char *name)
{
    const char *path = pool_printf(b->pool, "%s/%s", b->dir, name);
    for (const struct leftover *l = leftovers; l; l = l->next)
        if (!strcmp(l->path, path))
            return path;
    add_leftover(path);
    return path;
}

static bool put(void *file, const char *text, size_t len)
{
    return fwrite(text, 1, len, file) == len;
}

void build_write(struct build *b, const char *name, const struct out *out)
{
    const char *path = build_path(b, name);
    FILE *file = fopen(path, "wb");
    if (!file || !out_copy(out, put, file) || fclose(file))
        die("can't write '%s': %s", path, strerror(errno));
}

void build_folder(struct build *b, struct pool *pool)
{
    *b = (struct build){.pool = pool};
    make_folder(b);
}

/* ---- commands -------------------------------------------------------------------------------- */

static void add_word(struct build *b, struct words *w, const char *word)
{
    vec_push(b->pool, &w->word, pool_copy(b->pool, word, strlen(word)));
}

static void add_words(struct build *b, struct words *w, const struct words *more)
{
    for (int i = 0; i < more->word.n; i++)
        vec_push(b->pool, &w->word, more->word.at[i]);
}

/* A command's words: separated by blanks, there is no quoting. */
static struct words split(struct build *b, const char *text)
{
    struct words w = {0};
    for (; *text; text += strspn(text, " \t")) {
        size_t len = strcspn(text, " \t");
        if (len)
            vec_push(b->pool, &w.word, pool_copy(b->pool, text, len));
        text += len;
    }
    return w;
}

void build_open(struct build *b, struct pool *pool, const struct options *o)
{
    const char *env = getenv("CC");
    *b = (struct build){.pool = pool, .verbose = o->verbose, .openmp = true};
    b->cc = split(b, o->cc ? o->cc : env && *env ? env : "cc");
    b->cflags = split(b, o->cflags ? o->cflags : "-O2");
    b->runner = split(b, o->runner ? o->runner : "");
    if (b->cc.word.n == 0)
        die("--cc names no compiler");
    make_folder(b);
}

static void show(const struct words *w)
{
    for (int i = 0; i < w->word.n; i++)
        fprintf(stderr, "%s%s", i ? " " : "", w->word.at[i]);
    fprintf(stderr, "\n");
}

/* In the child: the command, its output into the descriptor. */
NORETURN static void become(struct words *w, int out, bool both)
{
    dup2(out, 1);
    if (both)
        dup2(out, 2);
    execvp(w->word.at[0], w->word.at);
    _exit(EXIT_NOT_FOUND);
}

/* Starts a command in slot `job`. both: its errors go to the descriptor too, and it reads nothing
 * from the terminal, so that it can have a process group of its own. */
static pid_t start(struct build *b, int job, struct words *w, int out, bool both)
{
    vec_push(b->pool, &w->word, NULL);
    w->word.n--;
    if (b->verbose)
        show(w);
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        die("can't start '%s': %s", w->word.at[0], strerror(errno));
    if (both)
        setpgid(pid, pid);  /* here and there, whichever comes first */
    if (pid == 0)
        become(w, out, both);
    children[job] = both ? -pid : pid;
    return pid;
}

/* Waits for the child of a slot. */
static int finish(int job)
{
    int status;
    while (waitpid(children[job], &status, 0) < 0)
        if (errno != EINTR)
            die("waiting for a program failed: %s", strerror(errno));
    children[job] = 0;
    return status;
}

static bool ended_well(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

static void show_file(const char *path)
{
    char text[4096];
    FILE *file = fopen(path, "rb");
    for (size_t n; file && (n = fread(text, 1, sizeof text, file)) > 0;)
        fwrite(text, 1, n, stderr);
    if (file)
        fclose(file);
}

/* ---- the compiler ---------------------------------------------------------------------------- */

struct job {
    const char *name, *log;
    struct words command;
};

static struct job compile_job(struct build *b, const char *name)
{
    struct job j = {.name = name, .log = build_path(b, pool_printf(b->pool, "%s.log", name))};
    add_words(b, &j.command, &b->cc);
    add_words(b, &j.command, &b->cflags);
    if (b->openmp)
        add_word(b, &j.command, "-fopenmp");
    add_word(b, &j.command, "-c");
    add_word(b, &j.command, build_path(b, pool_printf(b->pool, "%s.c", name)));
    add_word(b, &j.command, "-o");
    add_word(b, &j.command, build_path(b, pool_printf(b->pool, "%s.o", name)));
    return j;
}

static void start_job(struct build *b, int slot, struct job *j)
{
    int log = open(j->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log < 0)
        die("can't write '%s': %s", j->log, strerror(errno));
    start(b, slot, &j->command, log, true);
    close(log);
}

/* Whether the job of the slot succeeded; its messages are shown when it didn't and should have. */
static bool finish_job(int slot, const struct job *j, bool show_failure)
{
    int status = finish(slot);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_FOUND)
        die("can't run the compiler '%s'", j->command.word.at[0]);
    if (!ended_well(status) && show_failure) {
        fprintf(stderr, "cnngen: the compiler failed:\n");
        show(&j->command);
        show_file(j->log);
    }
    return ended_well(status);
}

void build_compile(struct build *b, const char *const *name, int n, bool *ok)
{
    struct job *job = NEW_ARRAY(b->pool, struct job, n + 1);
    for (int i = 0; i < n + JOBS; i++) {
        if (i >= JOBS && i - JOBS < n)
            ok[i - JOBS] = finish_job(i % JOBS, &job[i - JOBS], true);
        if (i < n) {
            job[i] = compile_job(b, name[i]);
            start_job(b, i % JOBS, &job[i]);
        }
    }
}

static struct job link_job(struct build *b, const char *const *name, int n, const char *program)
{
    struct job j = {.name = program, .log = build_path(b, pool_printf(b->pool, "%s.log", program))};
    add_words(b, &j.command, &b->cc);
    add_words(b, &j.command, &b->cflags);
    if (b->openmp)
        add_word(b, &j.command, "-fopenmp");
    for (int i = 0; i < n; i++)
        add_word(b, &j.command, build_path(b, pool_printf(b->pool, "%s.o", name[i])));
    add_word(b, &j.command, "-o");
    add_word(b, &j.command, build_path(b, program));
    return j;
}

static bool run_job(struct build *b, struct job j, bool show_failure)
{
    start_job(b, 0, &j);
    return finish_job(0, &j, show_failure);
}

bool build_link(struct build *b, const char *const *name, int n, const char *program)
{
    return run_job(b, link_job(b, name, n, program), true);
}

bool build_openmp(struct build *b, const char *name)
{
    b->openmp = true;
    b->openmp = run_job(b, compile_job(b, name), false) &&
                run_job(b, link_job(b, &name, 1, pool_printf(b->pool, "%s.program", name)), false);
    return b->openmp;
}

/* ---- programs -------------------------------------------------------------------------------- */

/* Starts a command whose output is read. */
static struct process start_reading(struct build *b, struct words *w)
{
    struct process p = {0};
    int ends[2];
    if (pipe(ends))
        die("can't make a pipe: %s", strerror(errno));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    p.pid = start(b, 0, w, ends[1], false);
    close(ends[1]);
    p.out = fdopen(ends[0], "rb");
    if (!p.out)
        die("can't read a pipe: %s", strerror(errno));
    return p;
}

struct process build_run(struct build *b, const char *program, const char *arg1, const char *arg2)
{
    struct words w = {0};
    add_words(b, &w, &b->runner);
    add_word(b, &w, build_path(b, program));
    if (arg1)
        add_word(b, &w, arg1);
    if (arg1 && arg2)
        add_word(b, &w, arg2);
    return start_reading(b, &w);
}

const char *build_wait(struct build *b, struct process *p)
{
    fclose(p->out);
    int status = finish(0);
    if (ended_well(status))
        return NULL;
    if (WIFSIGNALED(status))
        return pool_printf(b->pool, "signal %d (%s)", WTERMSIG(status),
                strsignal(WTERMSIG(status)));
    return pool_printf(b->pool, "exit code %d", WEXITSTATUS(status));
}

int64_t build_size(struct build *b, const char *name)
{
    const char *env = getenv("SIZE");
    struct words w = split(b, env && *env ? env : "size");
    char head[256];
    long long text = -1;
    add_word(b, &w, build_path(b, pool_printf(b->pool, "%s.o", name)));
    struct process p = start_reading(b, &w);
    if (!fgets(head, sizeof head, p.out) || fscanf(p.out, "%lld", &text) != 1)
        text = -1;
    while (fgets(head, sizeof head, p.out))
        continue;
    return build_wait(b, &p) ? -1 : (int64_t)text;
}
