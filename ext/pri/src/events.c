/* What libpri tells, in the words of the pipe.
 *
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "events.h"

#include "calls.h"
#include "message.h"

/* libpri's channel: the number, the DS1 and flags in one; -1 or 255: none named. */
static unsigned channel_of(int channel)
{
    return channel == -1 || (channel & 0xff) == 0xff ? 0 : (unsigned)channel & 0xff;
}

static int open_for(enum answer kind, q931_call *q931)
{
    struct call *call = call_by_q931(q931);
    if (!call)
        return 0;
    open_answer(kind);
    put_u32(call->id);
    return 1;
}

static void tell_ring(struct pri *pri, pri_event_ring *ring)
{
    struct call *call = call_add(0, ring->call);
    if (!call) {
        pri_hangup(pri, ring->call, PRI_CAUSE_SWITCH_CONGESTION);
        return;
    }
    open_answer(RING);
    put_u32(call->id);
    put_u16(channel_of(ring->channel));
    put_u8(ring->flexible != 0);
    put_u8(ring->complete != 0);
    put_u8((unsigned)ring->ctype);
    put_text(ring->callednum);
    put_u8((unsigned)ring->calledplan);
    put_text(ring->callingnum);
    put_u8((unsigned)ring->callingplan);
    put_u8((unsigned)ring->callingpres);
    put_text(ring->callingname);
    put_text(ring->redirectingnum);
    put_text(ring->keypad_digits);
    put_u16((unsigned)ring->progressmask);
    close_answer();
}

static void tell_progress(enum answer kind, q931_call *call, int channel, int mask, int cause)
{
    if (open_for(kind, call)) {
        put_u16(channel_of(channel));
        put_u16((unsigned)mask);
        put_u8(cause > 0 ? (unsigned)cause & 0x7f : 0);
        close_answer();
    }
}

static void tell_answer(pri_event_answer *answer)
{
    const struct pri_party_id *party = NULL;
    int at;
    for (at = 0; answer->subcmds && at < answer->subcmds->counter_subcmd; at++)
        if (answer->subcmds->subcmd[at].cmd == PRI_SUBCMD_CONNECTED_LINE)
            party = &answer->subcmds->subcmd[at].u.connected_line.id;
    if (open_for(ANSWERED, answer->call)) {
        put_u16(channel_of(answer->channel));
        put_text(party && party->number.valid ? party->number.str : "");
        put_text(party && party->name.valid ? party->name.str : "");
        close_answer();
    }
}

/* `released`: the network has let the channel go; libpri wants the call completed at once. */
static void tell_hangup(struct pri *pri, pri_event_hangup *hangup, int released)
{
    struct call *call = call_by_q931(hangup->call);
    int cause = hangup->cause > 0 ? hangup->cause & 0x7f : PRI_CAUSE_NORMAL_UNSPECIFIED;
    if (call) {
        call->cause = cause;
        call->disconnected = 1;
        open_answer(DISCONNECTED);
        put_u32(call->id);
        put_u8((unsigned)cause);
        put_u8((unsigned)released);
        close_answer();
    }
    if (released)
        pri_hangup(pri, hangup->call, cause);
}

static void tell_facility(struct pri *pri, struct pri_event_facility *facility)
{
    struct call *other;
    int at;
    for (at = 0; facility->subcmds && at < facility->subcmds->counter_subcmd; at++) {
        struct pri_subcommand *sub = &facility->subcmds->subcmd[at];
        switch (sub->cmd) {
        case PRI_SUBCMD_CONNECTED_LINE:
            if (open_for(NAMED, facility->call)) {
                put_text(sub->u.connected_line.id.number.valid ? sub->u.connected_line.id.number.str : "");
                put_text(sub->u.connected_line.id.name.valid ? sub->u.connected_line.id.name.str : "");
                close_answer();
            }
            break;
        case PRI_SUBCMD_TRANSFER_CALL:
            other = call_by_q931(sub->u.transfer.call_2);
            if (!other || !open_for(TRANSFER_ASKED, sub->u.transfer.call_1)) {
                pri_transfer_rsp(pri, facility->subcall, sub->u.transfer.invoke_id, 0);
                break;
            }
            put_u32(other->id);
            put_u32((uint32_t)sub->u.transfer.invoke_id);
            close_answer();
            break;
        default:
            break; /* services that this house does not offer: libpri has answered them */
        }
    }
}

static void tell_number(enum answer kind, int channel)
{
    open_answer(kind);
    put_u16(channel_of(channel));
    close_answer();
}

static void tell_digits(enum answer kind, q931_call *call, const char *digits, int complete)
{
    if (open_for(kind, call)) {
        put_text(digits);
        put_u8(complete != 0);
        close_answer();
    }
}

void tell_event(struct pri *pri, pri_event *event)
{
    switch (event->e) {
    case PRI_EVENT_DCHAN_UP:
        open_answer(UP);
        close_answer();
        break;
    case PRI_EVENT_DCHAN_DOWN:
        open_answer(DOWN);
        close_answer();
        break;
    case PRI_EVENT_RESTART:
        tell_number(RESTARTED, event->restart.channel);
        break;
    case PRI_EVENT_RESTART_ACK:
        tell_number(RESTART_DONE, event->restartack.channel);
        break;
    case PRI_EVENT_RING:
        tell_ring(pri, &event->ring);
        break;
    case PRI_EVENT_INFO_RECEIVED:
        tell_digits(DIGITS_CAME, event->ring.call, event->ring.callednum, event->ring.complete);
        break;
    case PRI_EVENT_KEYPAD_DIGIT:
        tell_digits(KEYPAD, event->digit.call, event->digit.digits, 0);
        break;
    case PRI_EVENT_SETUP_ACK:
        tell_progress(MORE_WANTED, event->setup_ack.call, event->setup_ack.channel, event->setup_ack.progressmask, 0);
        break;
    case PRI_EVENT_PROCEEDING:
        tell_progress(PROCEEDING, event->proceeding.call, event->proceeding.channel, event->proceeding.progressmask, 0);
        break;
    case PRI_EVENT_PROGRESS:
        tell_progress(PROGRESSED, event->proceeding.call, event->proceeding.channel, event->proceeding.progressmask,
                      event->proceeding.cause);
        break;
    case PRI_EVENT_RINGING:
        tell_progress(ALERTED, event->ringing.call, event->ringing.channel, event->ringing.progressmask, 0);
        break;
    case PRI_EVENT_ANSWER:
        tell_answer(&event->answer);
        break;
    case PRI_EVENT_HANGUP_REQ:
        tell_hangup(pri, &event->hangup, 0);
        break;
    case PRI_EVENT_HANGUP:
        tell_hangup(pri, &event->hangup, 1);
        break;
    case PRI_EVENT_FACILITY:
        tell_facility(pri, &event->facility);
        break;
    case PRI_EVENT_HOLD:
        pri_hold_rej(pri, event->hold.call, PRI_CAUSE_FACILITY_NOT_IMPLEMENTED);
        break;
    case PRI_EVENT_RETRIEVE:
        pri_retrieve_rej(pri, event->retrieve.call, PRI_CAUSE_FACILITY_NOT_IMPLEMENTED);
        break;
    default: /* HANGUP_ACK: the call is gone, and calls_sweep says so; the others are answers to what we never ask */
        break;
    }
}
