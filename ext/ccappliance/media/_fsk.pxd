# Caller ID data: FSK sender and receiver, Bell 202 (1200/2200 Hz) and V.23 (1300/2100 Hz), 1200 Bd (EN 300 659-1).
from libc.stdint cimport int16_t, uint8_t

cdef enum:
    FSK_MESSAGE = 258    # type, length, 255 bytes, checksum

cdef struct fsk_rx_t:
    int dummy   # (the owner of _fsk.pyx fills this struct)
    int length              # bytes in message
    uint8_t message[FSK_MESSAGE]

cdef void fsk_rx_init(fsk_rx_t *ear) noexcept nogil      # hears both standards
cdef int fsk_rx_run(fsk_rx_t *ear, const int16_t *x, int n) noexcept nogil   # 1: a whole message is in .message/.length
