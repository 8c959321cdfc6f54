//! CRC-16/XMODEM, by which a [cluster](
//! https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model) spreads its
//! keys, and the index of jobs its pieces; in Python, `binascii.crc_hqx(data, 0)`.

pub(crate) fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        let at = (crc >> 8) ^ u16::from(*byte);
        (crc << 8) ^ TABLE[usize::from(at)]
    })
}

static TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < table.len() {
        let mut crc = (at as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 > 0 {
                (crc << 1) ^ 0x1021
            } else {
                crc << 1
            };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_check_value_is_right() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }
}
