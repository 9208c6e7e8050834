// Limits of one connection's send queue, each with its derivation.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace parley::net {

/// Voice that waits for a slow reader. 256 KiB are 100 s of one radio's voice (17 kbit/s and
/// headers), so the age below is what bounds it in practice. Beyond: the oldest voice is dropped.
constexpr std::size_t perishable_bytes_max = std::size_t{256} << 10;

/// Voice older than this is worth nothing to a listener, and is dropped before it is sent.
constexpr Duration perishable_age_max = std::chrono::milliseconds{500};

struct QueueLimits {
    /// Text and control that wait for a slow reader: two messages of the largest size (1 MiB and
    /// its envelope), so that one may be on its way while the next arrives. Beyond: the connection
    /// is closed as a slow consumer, since what it is owed may not be dropped in silence.
    std::size_t lasting_bytes_max = (std::size_t{2} << 20) + (std::size_t{16} << 10);

    /// Places in the send queues of one shard's connections: 16,384 connections with four frames
    /// waiting each. When all are taken, voice is dropped and who needs more is a slow consumer.
    std::uint32_t waiting_frames_max = 65536;
};

/// Frames that wait for one slow reader, when one more that must not be dropped comes: a
/// thirty-second part of a shard's places (QueueLimits), so that a handful of connections cannot
/// take them all. No client waits for that many answers. Beyond: it is a slow consumer.
constexpr std::uint32_t lasting_frames_max = 2048;

/// How long a peer may leave a send unfinished. At 8 kbit/s, the slowest reader that is served, a
/// full batch (below) takes 8 s and a text of 30 KB this long. Beyond: the connection is dropped.
constexpr Duration send_max = std::chrono::seconds{30};

/// Queued frames that leave as one send. More gains nothing: the cost of a segment is shared by
/// then, and the copy grows.
constexpr std::size_t coalesced_bytes_max = std::size_t{8} << 10;

/// How long an exhausted listener waits: accepts resume within a second after descriptors are free
/// (requirement C5), at ten tries a second.
constexpr Duration accept_retry = std::chrono::milliseconds{100};

/// How long a peer may take to read the rest and to close after we have closed our side.
constexpr Duration linger_max = std::chrono::seconds{2};

// TLS.

/// What a peer may send before its TLS handshake is over: a ClientHello has 250 to 2,000 bytes,
/// with post-quantum keys and a ticket. As much as may come before a sign-in in all (requirement
/// V12). Beyond: the connection is dropped.
constexpr std::size_t handshake_bytes_max = std::size_t{16} << 10;

/// Handshakes of one shard that have begun: of each OpenSSL keeps about 60 KiB until it is over, so
/// these are 60 MiB. Beyond: who comes waits in line, and the oldest gives way to it once it has
/// had the time below.
constexpr std::size_t handshakes_max = 1024;

/// What a peer may take for a handshake while others wait for its place: two round trips of a slow
/// mobile network. So a thousand peers that begin and never answer delay others by this at most.
constexpr Duration handshake_patience = std::chrono::seconds{1};

/// Public-key work of one turn, after which voice has its turn again: a tenth of the 20 ms between
/// two packets of a talker. A signature takes 0.05 ms (ECDSA P-256) to 1 ms (RSA 2048); at least
/// one is made.
constexpr Duration handshake_work_max = std::chrono::milliseconds{2};

/// Handshake messages, tickets and alerts that a peer has not taken yet. A server's first flight is
/// a chain of certificates, some 5 KB. Beyond: the peer makes us answer and does not read; it is
/// dropped.
constexpr std::size_t handshake_output_max = std::size_t{64} << 10;

/// Plain bytes that are sealed at a time: one full record. What waits for a slow reader is plain
/// and shared with others; this much of it is its own.
constexpr std::size_t sealed_at_once_max = std::size_t{16} << 10;

/// How long a key seals tickets; then it opens them for as long again. So a radio that comes back
/// within half a day needs no new public-key work, and a stolen key opens no more than a day.
constexpr Duration ticket_key_life = std::chrono::hours{12};

}  // namespace parley::net
