// Limits of the ring layer, each with its derivation.
#pragma once

namespace parley::ring {

/// Connections the kernel keeps waiting between two accepts: what arrives in 100 ms of a storm of
/// 40,000 a second. The kernel caps it at net.core.somaxconn.
constexpr int listen_backlog = 4096;

}  // namespace parley::ring
