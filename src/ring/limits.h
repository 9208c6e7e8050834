// Limits of the ring layer, each with its derivation.
#pragma once

namespace parley::ring {

/// Connections the kernel keeps waiting between two accepts: what arrives in 100 ms of a storm of
/// 40,000 a second. The kernel caps it at net.core.somaxconn.
constexpr int listen_backlog = 4096;

/// What the kernel takes for a connection and has not sent yet (TCP_NOTSENT_LOWAT): 500 ms of the
/// fattest voice that is let in, 64 kbit/s. Beyond, sends wait, so that what is too old is dropped
/// and who is too slow is known; without it the kernel keeps up to net.ipv4.tcp_wmem (4 MiB) for a
/// reader that stops, which is minutes of stale voice. What is on its way does not count, so a
/// reader that keeps up is as fast as before (unlike with SO_SNDBUF). The kernel looks when it
/// begins a segment, so up to half of the reader's window may be added.
constexpr int unsent_bytes_max = 4096;

}  // namespace parley::ring
