"""The E-model by its formulas (ITU-T G.107, 12/2011 and later, from its input parameters; G.107.1 for wideband), to check the engine's opinions with no
code in common.  emodel.py prints the default rating."""
import math

# Ie, Bpl (ITU-T G.113 appendices I and IV, or what README says stands in for them), look-ahead in ms, wideband.
CODECS = {
    'PCMU': (0, 25.1, 0, False), 'PCMA': (0, 25.1, 0, False), 'G729': (11, 19, 5, False), 'G723': (15, 16.1, 7.5, False), 'GSM': (20, 43, 0, False),
    'iLBC': (11, 32, 5, False), 'AMR': (5, 10, 5, False), 'AMR-WB': (13, 4.3, 6, True), 'G722': (13, 4.3, 1.6, True), 'opus': (1, 4.6, 6.5, True),
}
SLR, RLR, STMR, DS, DR, TELR, WEPL, QDU, NC, NFOR, PS, PR = 8, 2, 15, 3, 3, 65, 110, 1, -70, -64, 35, 35
MT, ST = 100, 1


def power_sum(*levels):
    return 10 * math.log10(sum(10 ** (level / 10) for level in levels))


def noise():
    """No, dBm0p (7-3)."""
    olr = SLR + RLR
    nos = PS - SLR - DS - 100 + 0.004 * (PS - olr - DS - 14) ** 2
    pre = PR + 10 * math.log10(1 + 10 ** ((10 - (STMR + DR)) / 10))
    nor = RLR - 121 + pre + 0.008 * (pre - 35) ** 2
    return power_sum(NC, nos, nor, NFOR + RLR)


def simultaneous(no, ro):
    """Is (7-8)."""
    x = SLR + RLR + 0.2 * (64 + no - RLR)
    iolr = 20 * ((1 + (x / 8) ** 8) ** (1 / 8) - x / 8)
    s = -10 * math.log10(10 ** (-STMR / 10) + 10 ** (-TELR / 10)) # T = 0
    ist = 12 * (1 + ((s - 13) / 6) ** 8) ** (1 / 8) - 28 * (1 + ((s + 1) / 19.4) ** 35) ** (1 / 35) - 13 * (1 + ((s - 3) / 33) ** 13) ** (1 / 13) + 29
    q = 37 - 15 * math.log10(QDU)
    g = 1.07 + 0.258 * q + 0.0602 * q * q
    iq = 15 * math.log10(1 + 10 ** ((ro - 100) / 15 + 46 / 8.4 - g / 9) + 10 ** (46 / 30 - g / 40))
    return iolr + ist + iq


def absolute_delay(ms):
    """Idd (7-27)."""
    if ms <= MT:
        return 0
    x = math.log2(ms / MT)
    term = lambda y: (1 + y ** (6 * ST)) ** (1 / (6 * ST))
    return 25 * (term(x) - 3 * term(x / 3) + 2)


def delay(no, ro, ms):
    """Id: echo of both kinds, and the delay itself (7-18)."""
    roe = -1.5 * (no - RLR)
    terv = TELR - 40 * math.log10((1 + ms / 10) / (1 + ms / 150)) + 6 * math.exp(-0.3 * ms * ms)
    re = 80 + 2.5 * (terv - 14)
    idte = ((roe - re) / 2 + math.sqrt((roe - re) ** 2 / 4 + 100) - 1) * (1 - math.exp(-ms))
    rle = 10.5 * (WEPL + 7) * (2 * ms + 1) ** -0.25
    idle = (ro - rle) / 2 + math.sqrt((ro - rle) ** 2 / 4 + 169)
    return idte + idle + absolute_delay(ms)


def equipment(ie, bpl, loss, burst_ratio):
    """Ie,eff (7-29); the ratio as G.107 allows it: no more than 2, or 8 below 2 % of loss."""
    ratio = min(max(burst_ratio, 1), 8 if loss < 2 else 2)
    return ie + (95 - ie) * loss / (loss / ratio + bpl)


def mos_of(r):
    if r <= 0:
        return 1
    return 4.5 if r >= 100 else max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def rating(codec, loss=0.0, burst_ratio=1.0, ms=0.0):
    """R and MOS-CQE; loss in percent, ms one way."""
    ie, bpl, _, wideband = CODECS[codec]
    if wideband:
        r = max(0, 129 - absolute_delay(ms) - equipment(ie, bpl, loss, 1))
        return r, mos_of(r / 1.29)
    no = noise()
    ro = 15 - 1.5 * (SLR + no)
    r = max(0, ro - simultaneous(no, ro) - delay(no, ro, ms) - equipment(ie, bpl, loss, burst_ratio))
    return r, mos_of(r)


if __name__ == '__main__':
    print('R %.1f MOS %.2f' % rating('PCMA'))
