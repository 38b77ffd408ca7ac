/* Messages of the pipe: big-endian integers and counted strings, read and written with bounds. See ext/pri/README.md.
 *
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef CCAPPLIANCE_PRI_MESSAGE_H
#define CCAPPLIANCE_PRI_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#define PROTOCOL_VERSION 1
#define MESSAGE_MAX 8192         /* bytes of one message; a frame has at most 260 octets and its address */
#define OUTBOX_MAX (512 * 1024)  /* bytes of all answers to one request; further traces are dropped, all else fits */

enum request {
    BEGIN = 1, FRAME, TICK, SETUP, DIGITS, MORE, PROCEED, ALERT, PROGRESS, CONNECT, CLEAR, FORGET, RESTART, TRANSFER,
    TRACE, STATISTICS, CALLS, TRANSFER_ANSWER
};

enum answer {
    DONE = 128, SEND, UP, DOWN, RESTARTED, RESTART_DONE, RING, DIGITS_CAME, MORE_WANTED, PROCEEDING, PROGRESSED,
    ALERTED, ANSWERED, DISCONNECTED, GONE, KEYPAD, NAMED, TRACED, STATISTICS_ARE, CALLS_ARE, REFUSED, TRANSFER_ASKED,
    HELLO
};

/* What is left of a request. `bad` is set by the first read beyond its end; all further reads give zeros. */
struct reader {
    const uint8_t *at;
    const uint8_t *end;
    int bad;
};

uint8_t get_u8(struct reader *in);
uint16_t get_u16(struct reader *in);
uint32_t get_u32(struct reader *in);
uint64_t get_u64(struct reader *in);
size_t get_bytes(struct reader *in, uint8_t *to, size_t room);  /* more than `room` is bad */
void get_text(struct reader *in, char *to, size_t room);        /* ends with a zero byte; a zero inside is bad */

/* Answers are collected here and written at once with DONE. */
void open_answer(enum answer kind);
void put_u8(unsigned value);
void put_u16(unsigned value);
void put_u32(uint32_t value);
void put_u64(uint64_t value);
void put_bytes(const void *bytes, size_t length);
void put_text(const char *text);
void close_answer(void);
size_t outbox_room(void);

int read_request(uint8_t *to, size_t room);  /* its length; 0: the daemon is gone; -1: not our protocol */
int write_answers(void);                     /* 0, or -1: the daemon is gone */

#endif
