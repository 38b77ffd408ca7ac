"""Why a call ended: Q.850 numbers with their names in English and Chinese (Q.850 table 1)."""

from enum import IntEnum


class Cause(IntEnum):
    """The causes we give or understand; any other number from the network maps to `of(n)`'s class."""

    UNALLOCATED = 1
    NORMAL = 16
    BUSY = 17
    NO_RESPONSE = 18
    NO_ANSWER = 19
    REJECTED = 21
    OUT_OF_ORDER = 27
    INVALID_NUMBER = 28
    NORMAL_UNSPECIFIED = 31
    NO_CIRCUIT = 34
    TEMPORARY_FAILURE = 41
    CONGESTION = 42
    NOT_AVAILABLE = 44
    NOT_ALLOWED = 57
    RECOVERY_ON_TIMER = 102
    PROTOCOL_ERROR = 111
    INTERWORKING = 127

    @property
    def words(self) -> str:
        return _WORDS[self][0]

    @property
    def words_zh(self) -> str:
        return _WORDS[self][1]

    @classmethod
    def of(cls, number: int) -> "Cause":
        """The cause for any Q.850 number: itself, or the 'unspecified' cause of its class."""
        try:
            return cls(number)
        except ValueError:
            if number < 32:
                return cls.NORMAL_UNSPECIFIED
            if number < 48:
                return cls.TEMPORARY_FAILURE
            if number < 96:
                return cls.NOT_ALLOWED
            return cls.PROTOCOL_ERROR if number < 112 else cls.INTERWORKING


_WORDS = {
    Cause.UNALLOCATED: ("unallocated number", "空号"),
    Cause.NORMAL: ("normal clearing", "正常挂断"),
    Cause.BUSY: ("user busy", "用户忙"),
    Cause.NO_RESPONSE: ("no user responding", "用户无响应"),
    Cause.NO_ANSWER: ("no answer", "无人应答"),
    Cause.REJECTED: ("call rejected", "呼叫被拒"),
    Cause.OUT_OF_ORDER: ("destination out of order", "线路故障"),
    Cause.INVALID_NUMBER: ("invalid number format", "号码格式错误"),
    Cause.NORMAL_UNSPECIFIED: ("normal, unspecified", "正常，未说明"),
    Cause.NO_CIRCUIT: ("no circuit available", "无可用线路"),
    Cause.TEMPORARY_FAILURE: ("temporary failure", "临时故障"),
    Cause.CONGESTION: ("switching equipment congestion", "交换机拥塞"),
    Cause.NOT_AVAILABLE: ("requested channel not available", "所请求的线路不可用"),
    Cause.NOT_ALLOWED: ("bearer capability not authorized", "未授权"),
    Cause.RECOVERY_ON_TIMER: ("recovery on timer expiry", "定时器超时恢复"),
    Cause.PROTOCOL_ERROR: ("protocol error", "协议错误"),
    Cause.INTERWORKING: ("interworking, unspecified", "互通，未说明"),
}
