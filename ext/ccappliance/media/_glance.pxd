# Is a closer look at 25 ms worth it, for a digit?
from ccappliance.media._bank cimport bank_t

cdef bint glance(const bank_t *bank, int digit) noexcept nogil      # digit: row * 4 + column
