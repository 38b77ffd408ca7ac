/* Messages of the pipe, and the pipe itself: the only input and output this program has.
 *
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "message.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static uint8_t outbox[OUTBOX_MAX];
static size_t filled;
static size_t begun;   /* where the open answer's length stands */
static int overflown;  /* the open answer found no room: it is taken back */

static const uint8_t *take(struct reader *in, size_t length)
{
    if (in->bad || (size_t)(in->end - in->at) < length) {
        in->bad = 1;
        return NULL;
    }
    in->at += length;
    return in->at - length;
}

uint8_t get_u8(struct reader *in)
{
    const uint8_t *at = take(in, 1);
    return at ? at[0] : 0;
}

uint16_t get_u16(struct reader *in)
{
    const uint8_t *at = take(in, 2);
    return at ? (uint16_t)(at[0] << 8 | at[1]) : 0;
}

uint32_t get_u32(struct reader *in)
{
    uint32_t high = get_u16(in);
    return high << 16 | get_u16(in);
}

uint64_t get_u64(struct reader *in)
{
    uint64_t high = get_u32(in);
    return high << 32 | get_u32(in);
}

size_t get_bytes(struct reader *in, uint8_t *to, size_t room)
{
    size_t length = get_u16(in);
    const uint8_t *at;
    if (length > room) {
        in->bad = 1;
        return 0;
    }
    at = take(in, length);
    if (!at)
        return 0;
    memcpy(to, at, length);
    return length;
}

void get_text(struct reader *in, char *to, size_t room)
{
    size_t length = get_bytes(in, (uint8_t *)to, room - 1);
    to[length] = '\0';
    if (strlen(to) != length)
        in->bad = 1;
}

static void put(const void *bytes, size_t length)
{
    if (overflown || OUTBOX_MAX - filled < length) {
        overflown = 1;
        return;
    }
    memcpy(outbox + filled, bytes, length);
    filled += length;
}

void open_answer(enum answer kind)
{
    overflown = 0;
    begun = filled;
    put_u32(0);
    put_u8(kind);
}

void put_u8(unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put(&byte, 1);
}

void put_u16(unsigned value)
{
    put_u8(value >> 8);
    put_u8(value);
}

void put_u32(uint32_t value)
{
    put_u16(value >> 16);
    put_u16(value);
}

void put_u64(uint64_t value)
{
    put_u32((uint32_t)(value >> 32));
    put_u32((uint32_t)value);
}

void put_bytes(const void *bytes, size_t length)
{
    if (length > MESSAGE_MAX / 2)
        length = MESSAGE_MAX / 2;
    put_u16((unsigned)length);
    put(bytes, length);
}

void put_text(const char *text)
{
    put_bytes(text, strlen(text));
}

void close_answer(void)
{
    size_t end = filled;
    if (overflown) {
        filled = begun;
        return;
    }
    filled = begun;
    put_u32((uint32_t)(end - begun - 4));
    filled = end;
}

size_t outbox_room(void)
{
    return OUTBOX_MAX - filled;
}

static int read_all(uint8_t *to, size_t length)
{
    while (length) {
        ssize_t got = read(STDIN_FILENO, to, length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        to += got;
        length -= (size_t)got;
    }
    return 0;
}

int read_request(uint8_t *to, size_t room)
{
    uint8_t header[4];
    struct reader in = {header, header + sizeof header, 0};
    uint32_t length;
    if (read_all(header, sizeof header))
        return 0;
    length = get_u32(&in);
    if (length == 0 || length > room)
        return -1;
    return read_all(to, length) ? 0 : (int)length;
}

int write_answers(void)
{
    size_t at = 0;
    while (at < filled) {
        ssize_t wrote = write(STDOUT_FILENO, outbox + at, filled - at);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return -1;
        at += (size_t)wrote;
    }
    filled = 0;
    return 0;
}
