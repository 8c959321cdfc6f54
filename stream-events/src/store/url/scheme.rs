//! Which stores a URL may name, and what has to be built in for that.

/// The schemes of servers.
pub(super) const OF_REDIS: [&str; 7] = [
    "redis",
    "rediss",
    "unix",
    "redis+cluster",
    "rediss+cluster",
    "redis+sentinel",
    "rediss+sentinel",
];

/// The feature that a scheme needs and that is left out; none where all are there.
pub(super) fn lacking(scheme: &str) -> Option<&'static str> {
    let needed = [
        ("redis", true, cfg!(feature = "redis")),
        (
            "cluster",
            scheme.ends_with("+cluster"),
            cfg!(feature = "cluster"),
        ),
        (
            "sentinel",
            scheme.ends_with("+sentinel"),
            cfg!(feature = "sentinel"),
        ),
        ("tls", scheme.starts_with("rediss"), cfg!(feature = "tls")),
    ];
    let lacks =
        |(name, is_needed, is_there): (_, bool, bool)| (is_needed && !is_there).then_some(name);
    needed.into_iter().find_map(lacks)
}
