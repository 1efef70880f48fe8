// board.c: start-up, faults, semihosting and sizes of a Cortex-M4F. Symbols such as stack_top are from board.ld.
//
// reset paints the stack; what has lost its paint at the end was in use.

#include "board.h"

#include <stdint.h>

int main(void);
void reset(void);
void fault(void);

extern uint32_t data_start[], data_end[], data_load[], bss_start[], bss_end[], stack_top[], stack_bottom[];
extern char network_start[], network_end[], weights_start[], weights_end[], flash_end[];

// The system's own exceptions; this program enables no interrupts, so the vector table ends behind them.
__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16] = {
    (uintptr_t)stack_top, (uintptr_t)reset, (uintptr_t)fault, (uintptr_t)fault, (uintptr_t)fault, (uintptr_t)fault,
    (uintptr_t)fault, 0, 0, 0, 0, (uintptr_t)fault, (uintptr_t)fault, 0, (uintptr_t)fault, (uintptr_t)fault,
};

enum { PAINT = 0x5aa5c33c };

// ------------------------------------------------------------------------------------------------- start-up

static void paint_stack(void)
{
    uint32_t *sp;
    __asm__ volatile("mov %0, sp" : "=r"(sp));
    for (uint32_t *p = stack_bottom; p < sp; p++)
        *(volatile uint32_t *)p = PAINT;
}

// The FPU is off after reset: CPACR gives access to coprocessors 10 and 11.
static void enable_fpu(void)
{
    volatile uint32_t *const cpacr = (volatile uint32_t *)0xe000ed88u;
    *cpacr |= 0xfu << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

void reset(void)
{
    enable_fpu();
    for (size_t i = 0; data_start + i < data_end; i++)
        data_start[i] = data_load[i];
    for (uint32_t *p = bss_start; p < bss_end; p++)
        *p = 0;
    paint_stack();
    end_program(main());
}

void fault(void)
{
    put_text("the processor met a fault\n");
    end_program(3);
}

// ---------------------------------------------------------------------------------------------- semihosting

static void call_host(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void put_text(const char *text)
{
    enum { SYS_WRITE0 = 0x04 };
    call_host(SYS_WRITE0, text);
}

void put_number(unsigned long n)
{
    char text[3 * sizeof n + 1], *p = text + sizeof text - 1;
    *p = 0;
    do
        *--p = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    put_text(p);
}

void end_program(int status)
{
    enum { SYS_EXIT_EXTENDED = 0x20, APPLICATION_EXIT = 0x20026 };
    const uint32_t argument[2] = {APPLICATION_EXIT, (uint32_t)status};
    call_host(SYS_EXIT_EXTENDED, argument);
    for (;;)    // without a debugger: stop here
        ;
}

// ---------------------------------------------------------------------------------------------------- sizes

static size_t distance(const void *from, const void *to)
{
    return (uintptr_t)to - (uintptr_t)from;
}

struct sizes measure_sizes(void)
{
    const uint32_t *used = stack_bottom;
    while (used < stack_top && *(const volatile uint32_t *)used == PAINT)
        used++;
    return (struct sizes){
        .flash = distance(vectors, flash_end),
        .network = distance(network_start, network_end),
        .weights = distance(weights_start, weights_end),
        .ram = distance(data_start, bss_end),
        .stack = distance(used, stack_top),
        .stack_room = distance(stack_bottom, stack_top),
    };
}
