/* Files read whole or refused, and written whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "out.h"
#include "out_file.h"
#include "source.h"

static struct pool *pool;
static char home[4096], folder[] = "/tmp/cnngen-test-XXXXXX";

/* Every test starts in the same empty folder. */
static int setup(void **state)
{
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    pool = pool_new();
    return getcwd(home, sizeof home) && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    pool_free(pool);
    if (chdir(home) != 0)
        return -1;
    return system(strcat(strcpy((char[64]){0}, "rm -rf "), folder));
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void assert_file(const char *path, const char *text)
{
    struct source src;
    assert_int_equal(source_read(pool, path, 1 << 20, &src), SOURCE_OK);
    assert_string_equal(src.text, text);
}

static int files_here(void)
{
    int n = 0;
    DIR *dir = opendir(".");
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));)
        n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
    closedir(dir);
    return n;
}

/* ---- reading */

static void reads_whole_files(void **state)
{
    (void)state;
    struct source src;
    for (size_t n = 0; n < 20000; n = n * 2 + 1) {
        char *text = pool_alloc(pool, n + 1);
        memset(text, 'x', n);
        write_file("f", text);
        assert_int_equal(source_read(pool, "f", n, &src), SOURCE_OK);
        assert_int_equal(src.len, n);
        assert_string_equal(src.text, text);
        assert_string_equal(src.path, "f");
        if (n)
            assert_int_equal(source_read(pool, "f", n - 1, &src), SOURCE_TOO_BIG);
    }
}

static void refuses_what_is_no_file(void **state)
{
    (void)state;
    struct source src;
    time_t start = time(NULL);
    assert_int_equal(source_read(pool, "absent", 100, &src), SOURCE_ERRNO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(source_read(pool, ".", 100, &src), SOURCE_NOT_REGULAR);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(source_read(pool, "fifo", 100, &src), SOURCE_NOT_REGULAR);
    assert_int_equal(source_read(pool, "/dev/zero", 100, &src), SOURCE_NOT_REGULAR);
    assert_int_equal(source_read(pool, "/dev/null", 100, &src), SOURCE_NOT_REGULAR);
    assert_int_equal(source_read(pool, "", 100, &src), SOURCE_ERRNO);
    assert_true(time(NULL) - start < 5);
}

/* A file of a terabyte that takes no room: refused by its size, before anything is allocated. */
static void refuses_sparse_giants(void **state)
{
    (void)state;
    struct source src;
    write_file("giant", "x");
    if (truncate("giant", (off_t)1 << 40) != 0)
        skip();
    assert_int_equal(source_read(pool, "giant", 1 << 24, &src), SOURCE_TOO_BIG);
}

static void reads_standard_input(void **state)
{
    (void)state;
    struct source src;
    int saved = dup(0), ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "text", 4), 4);
    close(ends[1]);
    dup2(ends[0], 0);
    close(ends[0]);
    assert_int_equal(source_read(pool, "-", 100, &src), SOURCE_OK);
    assert_string_equal(src.text, "text");
    assert_string_equal(src.path, "<stdin>");
    int zero = open("/dev/zero", O_RDONLY);
    dup2(zero, 0);
    close(zero);
    assert_int_equal(source_read(pool, "-", 1 << 20, &src), SOURCE_TOO_BIG);
    dup2(saved, 0);
    close(saved);
}

static void decodes_utf8(void **state)
{
    static const struct { const char *bytes; size_t len, n; uint32_t code; } cases[] = {
        {"a", 1, 1, 'a'}, {"\xc2\x80", 2, 2, 0x80}, {"\xdf\xbf", 2, 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 3, 0x800}, {"\xef\xbf\xbf", 3, 3, 0xffff},
        {"\xf0\x90\x80\x80", 4, 4, 0x10000}, {"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
        {"\x80", 1, 0, 0}, {"\xc1\xbf", 2, 0, 0}, {"\xe0\x9f\xbf", 3, 0, 0},
        {"\xed\xa0\x80", 3, 0, 0}, {"\xf0\x8f\xbf\xbf", 4, 0, 0}, {"\xf4\x90\x80\x80", 4, 0, 0},
        {"\xf8\x88\x80\x80\x80", 5, 0, 0}, {"\xff", 1, 0, 0}, {"\xc3", 1, 0, 0},
        {"\xe2\x82", 2, 0, 0}, {"\xe2\x28\xa1", 3, 0, 0}, {"", 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t code = 0;
        assert_int_equal(utf8_next(cases[i].bytes, cases[i].len, &code), cases[i].n);
        assert_int_equal(code, cases[i].code);
    }
}

/* ---- writing */

#define FILES(...) (struct out_file[]){__VA_ARGS__}
#define TEXT(t) &(struct out){.text = (t), .len = strlen(t)}, 0

static void writes_a_set(void **state)
{
    (void)state;
    const char *failed = "?";
    write_file("a.c", "old");
    struct out_file files[] = {
        {"a.c", TEXT("new a")}, {"./b.h", TEXT("new b's")}, {"empty", TEXT("")}};
    assert_true(out_commit(files, 3, &failed));
    assert_null(failed);
    assert_file("a.c", "new a");
    assert_file("b.h", "new b's");
    assert_file("empty", "");
    assert_int_equal(files[0].bytes, 5);
    assert_int_equal(files[1].bytes, 7);
    assert_int_equal(files[2].bytes, 0);
    assert_int_equal(files_here(), 3);
}

static void write_xs(const void *count, struct out *out)
{
    for (int i = 0; i < *(const int *)count; i++)
        out_printf(out, "x\n");
}

/* Each file has its own, behind text and in front of it, and what was written is counted. */
static void writes_passages(void **state)
{
    (void)state;
    const char *failed;
    const int one = 1, three = 3, many = 100000;
    struct out a, b;
    struct stat st;
    out_init(&a);
    out_printf(&a, "a\n");
    out_late(&a, write_xs, &three);
    out_init(&b);
    out_late(&b, write_xs, &one);
    out_printf(&b, "b\n");
    struct out_file files[] = {{"a.c", &a, 0}, {"b.h", &b, 0}};
    assert_true(out_commit(files, 2, &failed));
    assert_file("a.c", "a\nx\nx\nx\n");
    assert_file("b.h", "x\nb\n");
    assert_int_equal(files[0].bytes, 8);
    assert_int_equal(files[1].bytes, 4);
    out_late(&a, write_xs, &many);
    assert_true(out_commit(files, 1, &failed));
    assert_int_equal(files[0].bytes, 8 + 2 * many);
    assert_int_equal(stat("a.c", &st), 0);
    assert_int_equal(st.st_size, 8 + 2 * many);
    out_free(&a);
    out_free(&b);
}

static void assert_fails(struct out_file *files, int n, int error, const char *culprit)
{
    const char *failed = NULL;
    write_file("a.c", "old");
    int before = files_here();
    errno = 0;
    assert_false(out_commit(files, n, &failed));
    assert_int_equal(errno, error);
    assert_string_equal(failed, culprit);
    assert_file("a.c", "old");
    assert_int_equal(files_here(), before);
}

static void a_failure_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(mkdir("dir", 0700), 0);
    write_file("file", "");
    assert_fails(FILES({"a.c", TEXT("new")}, {"absent/b.h", TEXT("b")}), 2, ENOENT, "absent/b.h");
    assert_fails(FILES({"a.c", TEXT("new")}, {"dir", TEXT("b")}), 2, EISDIR, "dir");
    assert_fails(FILES({"a.c", TEXT("new")}, {"file/b.h", TEXT("b")}), 2, ENOTDIR, "file/b.h");
    assert_fails(FILES({"a.c", TEXT("new")}, {"absent/", TEXT("b")}), 2, EISDIR, "absent/");
    assert_fails(FILES({"a.c", TEXT("new")}, {"", TEXT("b")}), 2, ENOENT, "");
    if (access("/dev/full", W_OK) == 0)
        assert_fails(FILES({"a.c", TEXT("new")}, {"/dev/full", TEXT("b")}), 2, ENOSPC, "/dev/full");
    if (geteuid() != 0) {
        assert_int_equal(chmod("dir", 0500), 0);
        assert_fails(FILES({"a.c", TEXT("new")}, {"dir/b.h", TEXT("b")}), 2, EACCES, "dir/b.h");
    }
}

/* A disk that fills up half-way: here a limit on the size of files. */
static void assert_full_disk(const struct out *big)
{
    write_file("a.c", "old");
    pid_t child = fork();
    if (child == 0) {
        const char *failed;
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096}) != 0)
            _exit(77);
        bool ok = out_commit(FILES({"b.h", TEXT("b")}, {"a.c", big, 0}), 2, &failed);
        _exit(!ok && errno == EFBIG && !strcmp(failed, "a.c") ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
    assert_file("a.c", "old");
    assert_int_equal(files_here(), 1);
}

static void a_full_disk_changes_nothing(void **state)
{
    (void)state;
    static char big[8192];
    assert_full_disk(&(struct out){.text = big, .len = sizeof big});
}

static void a_full_disk_in_a_passage(void **state)
{
    (void)state;
    const int many = 100000;
    struct out out;
    out_init(&out);
    out_late(&out, write_xs, &many);
    out_printf(&out, "end\n");
    assert_full_disk(&out);
    out_free(&out);
}

/* Two targets of one name would be one file after renaming: the later one, and nothing else. */
static void the_same_target_twice(void **state)
{
    (void)state;
    const char *failed;
    assert_true(out_commit(FILES({"a", TEXT("1")}, {"a", TEXT("2")}), 2, &failed));
    assert_file("a", "2");
    assert_int_equal(files_here(), 1);
}

static void leftovers_and_long_names(void **state)
{
    (void)state;
    const char *failed;
    char name[64], longest[256] = {0};
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, ".cnngen-%ld-%d.tmp", (long)getpid(), i);
        write_file(name, "left behind");
    }
    memset(longest, 'n', 255);
    assert_true(out_commit(FILES({"a", TEXT("1")}, {longest, TEXT("2")}), 2, &failed));
    assert_file("a", "1");
    assert_file(longest, "2");
    assert_file(name, "left behind");
    assert_int_equal(files_here(), 5);
}

/* A symbolic link is replaced, not written through; one to a device is a device. */
static void links(void **state)
{
    (void)state;
    const char *failed;
    struct stat st;
    write_file("target", "old");
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(symlink("/dev/null", "null"), 0);
    assert_true(out_commit(FILES({"link", TEXT("new")}, {"null", TEXT("x")}), 2, &failed));
    assert_file("target", "old");
    assert_file("link", "new");
    assert_int_equal(lstat("null", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void standard_output(void **state)
{
    (void)state;
    const char *failed;
    char got[16] = {0};
    int saved = dup(1), ends[2];
    fflush(stdout);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], 1);
    close(ends[1]);
    bool ok = out_commit(FILES({"-", TEXT("to stdout")}), 1, &failed);
    dup2(saved, 1);
    close(saved);
    assert_true(ok);
    assert_int_equal(read(ends[0], got, 15), 9);
    assert_string_equal(got, "to stdout");
    close(ends[0]);
}

static void mode_follows_umask(void **state)
{
    (void)state;
    const char *failed;
    struct stat st;
    mode_t old = umask(027);
    assert_true(out_commit(FILES({"a", TEXT("1")}), 1, &failed));
    umask(old);
    assert_int_equal(stat("a", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void signals_are_given_back(void **state)
{
    (void)state;
    const char *failed;
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_DFL);  /* a shell that starts tests in the background ignores it */
    assert_true(out_commit(FILES({"a", TEXT("1")}), 1, &failed));
    assert_true(signal(SIGTERM, SIG_DFL) == SIG_IGN);
    assert_true(signal(SIGINT, SIG_DFL) == SIG_DFL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_whole_files), TEST(refuses_what_is_no_file), TEST(refuses_sparse_giants),
        TEST(reads_standard_input), TEST(decodes_utf8), TEST(writes_a_set),
        TEST(writes_passages), TEST(a_failure_changes_nothing), TEST(a_full_disk_changes_nothing),
        TEST(a_full_disk_in_a_passage), TEST(the_same_target_twice),
        TEST(leftovers_and_long_names), TEST(links), TEST(standard_output),
        TEST(mode_follows_umask), TEST(signals_are_given_back),
    };
    return cmocka_run_group_tests_name("source and out", tests, NULL, NULL);
}
