/* The media clock: absolute sleeps, the priority of the thread that sleeps, and the one write that wakes the loop. */
#ifndef CCAPPLIANCE_CLOCK_H
#define CCAPPLIANCE_CLOCK_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

/* A number written by the tick and read by the loop at any time, torn by nobody. */
typedef _Atomic int64_t counter_t;
static inline int64_t counter_get(counter_t *counter) { return atomic_load_explicit(counter, memory_order_relaxed); }
static inline void counter_set(counter_t *counter, int64_t n) { atomic_store_explicit(counter, n, memory_order_relaxed); }
static inline void counter_add(counter_t *counter, int64_t n) { counter_set(counter, counter_get(counter) + n); }

static inline int64_t clock_now(void) { /* nanoseconds */
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline void clock_sleep_until(int64_t ns) {
    struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}

static inline void clock_wake(int fd) { /* an eventfd; it can only refuse when 2^64-1 wakes are unread */
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof one);
    (void)written;
}

/* Signals are the main thread's business: the tick's sleep is never cut short. */
static inline void thread_block_signals(void) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
}

/* SCHED_FIFO for the calling thread, or else nice -11 (both per thread in Linux). 2: FIFO, 1: nice, 0: neither. */
static inline int thread_hurry(int priority) {
    struct sched_param wish = {.sched_priority = priority};
    if (sched_setscheduler(0, SCHED_FIFO, &wish) == 0) return 2;
    return setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), -11) == 0;
}

/* Pages stay once they were touched: without ONFAULT every thread's whole stack would be filled. */
static inline int memory_lock(int on) {
    return on ? mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) : munlockall();
}

/* Denormal numbers in decaying filters cost a hundred times an ordinary one: flush them to zero during a tick, and
 * give the thread its floating point back afterwards, because in virtual time that thread is Python's. */
#if defined(__SSE__)
static inline uint64_t float_flush(void) {
    uint64_t before = _mm_getcsr();
    _mm_setcsr((unsigned)before | 0x8040);
    return before;
}
static inline void float_restore(uint64_t before) { _mm_setcsr((unsigned)before); }
#elif defined(__aarch64__)
static inline uint64_t float_flush(void) {
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" ::"r"(before | (UINT64_C(1) << 24)));
    return before;
}
static inline void float_restore(uint64_t before) { __asm__ volatile("msr fpcr, %0" ::"r"(before)); }
#else
static inline uint64_t float_flush(void) { return 0; }
static inline void float_restore(uint64_t before) { (void)before; }
#endif

#endif
