/* The PRI helper: libpri for one span, with a pipe as its whole world. Frames, requests and the time come in; frames,
 * events and the next deadline go out. It owns no device and no clock, so it is the same for a card, for the simulated
 * exchange in virtual time, and for the fuzzer; and when it crashes, one span must be signalled anew, and no more.
 *
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <libpri.h>

#include "calls.h"
#include "events.h"
#include "message.h"

#define NUMBER_MAX 64     /* bytes of a number or name: what libpri keeps */
#define EVENTS_MAX 512    /* of one step: more is libpri turning in a circle */
#define TRACE_RESERVE (128 * 1024) /* bytes of the outbox that traces may not use */

static struct pri *pri;
static struct timeval now;            /* the daemon's clock */
static uint8_t frame[MESSAGE_MAX];    /* the frame that waits to be read by libpri */
static int frame_length;

/* ---- what libpri asks of its world ---- */

int __wrap_gettimeofday(struct timeval *tv, void *zone);
int __wrap_gettimeofday(struct timeval *tv, void *zone)
{
    (void)zone;
    *tv = now;
    return 0;
}

time_t __wrap_time(time_t *at);
time_t __wrap_time(time_t *at)
{
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}

/* libpri counts two octets of checksum that the driver has taken off. */
static int read_frame(struct pri *ctrl, void *to, int room)
{
    int length = frame_length;
    (void)ctrl;
    frame_length = 0;
    if (length == 0 || length + 2 > room)
        return 0;
    memcpy(to, frame, (size_t)length);
    memset((uint8_t *)to + length, 0, 2);
    return length + 2;
}

static int write_frame(struct pri *ctrl, void *from, int length)
{
    (void)ctrl;
    if (length > 2) {
        open_answer(SEND);
        put_bytes(from, (size_t)length - 2);
        close_answer();
    }
    return length;
}

static void tell_text(int error, const char *text)
{
    if (outbox_room() > TRACE_RESERVE) {
        open_answer(TRACED);
        put_u8((unsigned)error);
        put_text(text);
        close_answer();
    }
}

static void message_came(struct pri *ctrl, char *text)
{
    (void)ctrl;
    tell_text(0, text);
}

static void error_came(struct pri *ctrl, char *text)
{
    (void)ctrl;
    tell_text(1, text);
}

/* ---- requests ---- */

static void refuse(enum request kind, uint32_t call, const char *why)
{
    open_answer(REFUSED);
    put_u8(kind);
    put_u32(call);
    put_text(why);
    close_answer();
}

/* Set the timers that follow by name ("T309") in milliseconds. */
static void set_timers(struct reader *in)
{
    unsigned count = get_u8(in);
    while (count-- && !in->bad) {
        char name[16];
        int timer, value;
        get_text(in, name, sizeof name);
        value = (int)get_u32(in);
        timer = pri_timer2idx(name);
        if (timer < 0 || pri_set_timer(pri, timer, value))
            refuse(BEGIN, 0, name);
    }
}

static void begin(struct reader *in)
{
    unsigned version = get_u16(in);
    int side = get_u8(in);
    int type = get_u8(in);
    int overlap = get_u8(in);
    int transfer = get_u8(in);
    if (in->bad || pri)
        return refuse(BEGIN, 0, "wrong place");
    if (version != PROTOCOL_VERSION)
        return refuse(BEGIN, 0, "wrong version");
    pri = pri_new_cb(-1, side, type, read_frame, write_frame, NULL);
    if (!pri)
        return refuse(BEGIN, 0, "libpri does not take this side and switch");
    pri_set_overlapdial(pri, overlap);
    pri_hangup_fix_enable(pri, 1);
    pri_facility_enable(pri);
    pri_transfer_enable(pri, transfer);
    pri_date_time_send_option(pri, PRI_DATE_TIME_SEND_NO); /* it would be that of the daemon's loop clock */
    pri_display_options_receive(pri, PRI_DISPLAY_OPTION_NAME_INITIAL | PRI_DISPLAY_OPTION_NAME_UPDATE);
    pri_display_options_send(pri, PRI_DISPLAY_OPTION_NAME_INITIAL);
    pri_persistent_layer2_option(pri, PRI_L2_PERSISTENCE_KEEP_UP);
    set_timers(in);
    open_answer(HELLO);
    put_u16(PROTOCOL_VERSION);
    put_text(pri_get_version());
    close_answer();
}

static void setup(struct reader *in)
{
    char called[NUMBER_MAX], calling[NUMBER_MAX], name[NUMBER_MAX];
    uint32_t id = get_u32(in);
    int channel = get_u16(in), exclusive = get_u8(in), capability = get_u8(in), called_plan, complete, calling_plan;
    int presentation;
    struct pri_sr *request;
    q931_call *call;
    get_text(in, called, sizeof called);
    called_plan = get_u8(in);
    complete = get_u8(in);
    get_text(in, calling, sizeof calling);
    calling_plan = get_u8(in);
    presentation = get_u8(in);
    get_text(in, name, sizeof name);
    if (in->bad || id == 0 || id % 2)
        return refuse(SETUP, id, "malformed");
    call = pri_new_call(pri);
    if (!call)
        return refuse(SETUP, id, "libpri has no call");
    if (!call_add(id, call)) {
        pri_destroycall(pri, call);
        return refuse(SETUP, id, "too many calls, or the number is taken");
    }
    request = pri_sr_new();
    if (request) {
        pri_sr_set_channel(request, channel, exclusive, 0);
        pri_sr_set_bearer(request, capability, PRI_LAYER_1_ALAW);
        pri_sr_set_called(request, called, called_plan, complete);
        pri_sr_set_caller(request, calling[0] ? calling : NULL, name[0] ? name : NULL, calling_plan, presentation);
    }
    if (!request || pri_setup(pri, call, request)) {
        pri_destroycall(pri, call);
        refuse(SETUP, id, "libpri does not send it");
    }
    if (request)
        pri_sr_free(request);
}

static void send_digits(struct reader *in, struct call *call)
{
    char digits[NUMBER_MAX];
    const char *digit;
    get_text(in, digits, sizeof digits);
    for (digit = digits; *digit; digit++)
        if (pri_information(pri, call->q931, *digit))
            return refuse(DIGITS, call->id, "libpri does not send it");
}

static void transfer(struct reader *in, struct call *call)
{
    struct call *other = call_by_id(get_u32(in));
    if (!other || pri_channel_bridge(call->q931, other->q931))
        refuse(TRANSFER, call->id, "the switch does not offer it, or the calls are not in a state for it");
}

/* libpri answers a SETUP with RELEASE COMPLETE for these causes. For all others it sends DISCONNECT, or nothing at all
 * when the network has not heard of us: so it hears CALL PROCEEDING first (Q.931 5.2.5.1). */
static int clear(struct call *call, int cause)
{
    int failed;
    int refused = cause == PRI_CAUSE_NORMAL_CIRCUIT_CONGESTION || cause == PRI_CAUSE_REQUESTED_CHAN_UNAVAIL
                  || cause == PRI_CAUSE_IDENTIFIED_CHANNEL_NOTEXIST || cause == PRI_CAUSE_UNALLOCATED
                  || cause == PRI_CAUSE_INCOMPATIBLE_DESTINATION;
    if (call->silent && !refused && !call->disconnected)
        pri_proceeding(pri, call->q931, 0, 0);
    call->cause = cause;
    failed = pri_hangup(pri, call->q931, cause);
    if (call->silent && call->disconnected)
        pri_destroycall(pri, call->q931); /* it has sent RELEASE COMPLETE, and would keep the call for ever */
    call->silent = 0;
    return failed;
}

/* Requests that name a call first. */
static void ask_of_call(enum request kind, struct reader *in)
{
    uint32_t id = get_u32(in);
    struct call *call = call_by_id(id);
    int channel, cause, failed = 0;
    if (!call)
        return refuse(kind, id, "no such call");
    if (kind >= MORE && kind <= CONNECT)
        call->silent = 0;
    switch (kind) {
    case DIGITS:
        return send_digits(in, call);
    case TRANSFER:
        return transfer(in, call);
    case TRANSFER_ANSWER:
        channel = (int)get_u32(in);
        failed = pri_transfer_rsp(pri, call->q931, channel, get_u8(in));
        break;
    case MORE:
        failed = pri_need_more_info(pri, call->q931, get_u16(in), 0);
        break;
    case PROCEED:
        channel = get_u16(in);
        failed = pri_proceeding(pri, call->q931, channel, get_u8(in));
        break;
    case ALERT:
        channel = get_u16(in);
        failed = pri_acknowledge(pri, call->q931, channel, get_u8(in));
        break;
    case PROGRESS:
        channel = get_u16(in);
        cause = get_u8(in);
        failed = pri_progress_with_cause(pri, call->q931, channel, 1, cause ? cause : -1);
        break;
    case CONNECT:
        failed = pri_answer(pri, call->q931, get_u16(in), 0);
        break;
    case CLEAR:
        failed = clear(call, get_u8(in));
        break;
    default: /* FORGET */
        pri_destroycall(pri, call->q931);
        break;
    }
    if (failed)
        refuse(kind, id, "libpri does not send it");
}

static void tell_statistics(void)
{
    char *text = pri_dump_info_str(pri);
    open_answer(STATISTICS_ARE);
    put_text(text ? text : "");
    close_answer();
    free(text);
}

static void ask(enum request kind, struct reader *in)
{
    pri_event *event;
    switch (kind) {
    case FRAME:
        frame_length = (int)get_bytes(in, frame, sizeof frame - 2);
        if (frame_length && (event = pri_check_event(pri)))
            tell_event(pri, event);
        frame_length = 0;
        break;
    case TICK:
        break; /* the timers are looked at after every request */
    case SETUP:
        setup(in);
        break;
    case RESTART:
        if (pri_reset(pri, get_u16(in)))
            refuse(RESTART, 0, "libpri does not send it");
        break;
    case TRACE:
        pri_set_debug(pri, get_u16(in));
        break;
    case STATISTICS:
        tell_statistics();
        break;
    case CALLS:
        calls_list();
        break;
    default:
        ask_of_call(kind, in);
        break;
    }
}

/* ---- steps ---- */

static void run_timers(void)
{
    pri_event *event;
    int events;
    for (events = 0; events < EVENTS_MAX && (event = pri_schedule_run(pri)); events++) {
        tell_event(pri, event);
        calls_sweep(pri);
    }
}

static uint64_t deadline(void)
{
    struct timeval *next = pri ? pri_schedule_next(pri) : NULL;
    return next ? (uint64_t)next->tv_sec * 1000000u + (uint64_t)next->tv_usec : 0;
}

static int step(const uint8_t *request, int length)
{
    struct reader in = {request, request + length, 0};
    enum request kind = get_u8(&in);
    uint64_t time = get_u64(&in);
    if (in.bad || kind < BEGIN || kind > TRANSFER_ANSWER || (!pri && kind != BEGIN))
        return -1;
    now.tv_sec = (time_t)(time / 1000000u);
    now.tv_usec = (suseconds_t)(time % 1000000u);
    if (kind == BEGIN)
        begin(&in);
    else
        ask(kind, &in);
    if (in.bad)
        return -1;
    if (pri) {
        calls_sweep(pri);
        run_timers();
        calls_sweep(pri);
    }
    open_answer(DONE);
    put_u64(deadline());
    close_answer();
    return 0;
}

int main(void)
{
    static uint8_t request[MESSAGE_MAX];
    struct rlimit no_core = {0, 0};
    int length;
    setrlimit(RLIMIT_CORE, &no_core); /* a crash is reported by the daemon; a dump would hold numbers of callers */
    pri_set_message(message_came);
    pri_set_error(error_came);
    while ((length = read_request(request, sizeof request)) > 0)
        if (step(request, length) || write_answers())
            return 2;
    return length < 0 ? 2 : 0;
}
