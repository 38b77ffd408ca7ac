/* DAHDI's kernel interface, as far as we use it, so that the package builds where DAHDI's headers are not installed.
 *
 * Numbers and layouts are those of <dahdi/user.h> (DAHDI 2.11, Debian's dahdi-source; it is kernel ABI and does not
 * change): ABI_X is DAHDI_X, abi_x_t is struct dahdi_x. tests/drivers/test_dahdi_abi.py compiles both side by side.
 */
#ifndef CCAPPLIANCE_DAHDI_ABI_H
#define CCAPPLIANCE_DAHDI_ABI_H

#include <linux/ioctl.h>
#include <stdint.h>

#define ABI_CODE 0xDA
#define ABI_ELAST 500 /* errno of read, write and ioctl: an event waits, fetch it first */

/* ---- structs ---- */

typedef struct {
    int channo;
    int spanno;
    int chanpos;
    int sigtype;
    int sigcap;
    int rxisoffhook;
    int rxbits;
    int txbits;
    int txhooksig;
    int rxhooksig;
    int curlaw;
    int idlebits;
    char name[40];
    int prewinktime; /* all times in ms */
    int preflashtime;
    int winktime;
    int flashtime;
    int starttime;
    int rxwinktime;
    int rxflashtime;
    int debouncetime;
    int pulsebreaktime;
    int pulsemaketime;
    int pulseaftertime;
    uint32_t chan_alarms;
} abi_params_t;

typedef struct {
    int spanno;
    char name[20];
    char desc[40];
    int alarms;
    int txlevel;
    int rxlevel;
    int bpvcount;
    int crc4count;
    int ebitcount;
    int fascount;
    uint32_t fecount;
    uint32_t cvcount;
    uint32_t becount;
    uint32_t prbs;
    uint32_t errsec;
    int irqmisses;
    int syncsrc;
    int numchans;
    int totalchans;
    int totalspans;
    int lbo;
    int lineconfig;
    char lboname[40];
    char location[40];
    char manufacturer[40];
    char devicetype[40];
    int irq;
    int linecompat;
    char spantype[6];
} __attribute__((packed)) abi_spaninfo_t;

typedef struct {
    int txbufpolicy;
    int rxbufpolicy;
    int numbufs;
    int bufsize;
    int readbufs;
    int writebufs;
} abi_bufferinfo_t;

typedef struct {
    int chan;
    unsigned char rxgain[256];
    unsigned char txgain[256];
} abi_gains_t;

#define ABI_MAX_DTMF_BUF 256
typedef struct {
    int op;
    char dialstr[ABI_MAX_DTMF_BUF];
} abi_dialoperation_t;

#define ABI_MAX_CADENCE 16
typedef struct {
    int ringcadence[ABI_MAX_CADENCE]; /* ms: on, off, on, off …, ended by 0 */
} abi_ring_cadence_t;

typedef struct {
    uint32_t tap_length; /* 8 taps a millisecond */
    uint32_t param_count;
} abi_echocanparams_t;

/* ---- requests ---- */

#define ABI_FLUSH _IOW(ABI_CODE, 3, int)
#define ABI_GET_PARAMS _IOWR(ABI_CODE, 5, abi_params_t)
#define ABI_SET_PARAMS _IOW(ABI_CODE, 5, abi_params_t)
#define ABI_HOOK _IOW(ABI_CODE, 7, int)
#define ABI_GETEVENT _IOR(ABI_CODE, 8, int)
#define ABI_SPANSTAT _IOWR(ABI_CODE, 10, abi_spaninfo_t)
#define ABI_SETGAINS _IOW(ABI_CODE, 16, abi_gains_t)
#define ABI_SET_BUFINFO _IOW(ABI_CODE, 27, abi_bufferinfo_t)
#define ABI_DIAL _IOW(ABI_CODE, 31, abi_dialoperation_t)
#define ABI_AUDIOMODE _IOW(ABI_CODE, 32, int)
#define ABI_ECHOCANCEL_PARAMS _IOW(ABI_CODE, 33, abi_echocanparams_t)
#define ABI_HDLCFCSMODE _IOW(ABI_CODE, 37, int)
#define ABI_SPECIFY _IOW(ABI_CODE, 38, int)
#define ABI_SETLAW _IOW(ABI_CODE, 39, int)
#define ABI_SETLINEAR _IOW(ABI_CODE, 40, int)
#define ABI_SETCADENCE _IOW(ABI_CODE, 42, abi_ring_cadence_t)
#define ABI_GETRXBITS _IOR(ABI_CODE, 43, int)
#define ABI_SETTXBITS _IOW(ABI_CODE, 43, int)
#define ABI_TIMERCONFIG _IOW(ABI_CODE, 47, int)
#define ABI_TIMERACK _IOW(ABI_CODE, 48, int)
#define ABI_TONEDETECT _IOW(ABI_CODE, 91, int)
#define ABI_SETPOLARITY _IOW(ABI_CODE, 92, int)
#define ABI_BUFFER_EVENTS _IOW(ABI_CODE, 105, int)

/* ---- values ---- */

#define ABI_ONHOOK 0
#define ABI_OFFHOOK 1
#define ABI_FLASH 3
#define ABI_RING 5
#define ABI_RINGOFF 6

#define ABI_FLUSH_BOTH 3
#define ABI_FLUSH_ALL 7

#define ABI_POLICY_IMMEDIATE 0
#define ABI_POLICY_HALF_FULL 2

#define ABI_LAW_ALAW 2
#define ABI_DIAL_OP_APPEND 1
#define ABI_DIAL_OP_CANCEL 3

#define ABI_SIG_NONE 0
#define ABI_SIG_FXSLS ((1 << 0) | (1 << 13))
#define ABI_SIG_FXSGS ((1 << 1) | (1 << 13))
#define ABI_SIG_FXSKS ((1 << 2) | (1 << 13))
#define ABI_SIG_FXOLS ((1 << 3) | (1 << 12))
#define ABI_SIG_FXOGS ((1 << 4) | (1 << 12))
#define ABI_SIG_FXOKS ((1 << 5) | (1 << 12))
#define ABI_SIG_CLEAR (1 << 7)
#define ABI_SIG_HDLCFCS ((1 << 9) | (1 << 8) | ABI_SIG_CLEAR)
#define ABI_SIG_CAS (1 << 15)
#define ABI_SIG_HARDHDLC ((1 << 19) | ABI_SIG_CLEAR)

#define ABI_ALARM_RECOVER (1 << 0)
#define ABI_ALARM_LOOPBACK (1 << 1)
#define ABI_ALARM_YELLOW (1 << 2)
#define ABI_ALARM_RED (1 << 3)
#define ABI_ALARM_BLUE (1 << 4)
#define ABI_ALARM_NOTOPEN (1 << 5)
#define ABI_ALARM_LOS (1 << 8)
#define ABI_ALARM_LFA (1 << 9)
#define ABI_ALARM_LMFA (1 << 10)

#define ABI_EVENT_NONE 0
#define ABI_EVENT_ONHOOK 1
#define ABI_EVENT_RINGOFFHOOK 2
#define ABI_EVENT_WINKFLASH 3
#define ABI_EVENT_ALARM 4
#define ABI_EVENT_NOALARM 5
#define ABI_EVENT_ABORT 6
#define ABI_EVENT_OVERRUN 7
#define ABI_EVENT_BADFCS 8
#define ABI_EVENT_DIALCOMPLETE 9
#define ABI_EVENT_RINGERON 10
#define ABI_EVENT_RINGEROFF 11
#define ABI_EVENT_HOOKCOMPLETE 12
#define ABI_EVENT_BITSCHANGED 13
#define ABI_EVENT_PULSE_START 14
#define ABI_EVENT_POLARITY 17
#define ABI_EVENT_RINGBEGIN 18
#define ABI_EVENT_REMOVED 20
#define ABI_EVENT_READ_OVERRUN 29
#define ABI_EVENT_WRITE_UNDERRUN 30
#define ABI_EVENT_PULSEDIGIT (1 << 16) /* or'd with the digit */

#endif
