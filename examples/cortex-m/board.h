// board.h: what a program without an operating system needs from board.c: text out, an end, and its sizes.
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>

// By semihosting: the debugger, or the emulator, prints and ends the program.
void put_text(const char *text);
void put_number(unsigned long n);
void end_program(int status) __attribute__((noreturn));

struct sizes {
    size_t flash;       // all of it
    size_t network;     // code and small constants of digits.c
    size_t weights;
    size_t ram;         // variables, the arena among them
    size_t stack;       // the most that was ever in use since reset
    size_t stack_room;
};

struct sizes measure_sizes(void);

#endif
