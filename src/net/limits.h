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
    /// Text and control that wait for a slow reader (requirement D1): 1 MiB is two minutes of the
    /// slowest line that can use it, 64 kbit/s; one message waits whatever its size, and so does
    /// what is being sent already. Beyond: the connection is closed as a slow consumer, since what
    /// it is owed may not be dropped in silence.
    std::size_t lasting_bytes_max = std::size_t{1} << 20;

    /// How long nothing at all may go out while something waits: at 8 kbit/s, the slowest reader
    /// that is served, 10 KB go in this time. Beyond: it is a slow consumer. Looked at once in this
    /// time, so that it takes up to twice as long for who stops in between.
    Duration stall_max = std::chrono::seconds{10};

    /// How long a peer may take to read the rest and to close after we have closed our side
    /// (requirement C4). Beyond: it is reset.
    Duration linger_max = std::chrono::seconds{2};

    /// Places in the send queues of one shard's connections: 16,384 connections with four frames
    /// waiting each. When all are taken, voice is dropped and who needs more is a slow consumer.
    std::uint32_t waiting_frames_max = 65536;
};

/// Frames that wait for one slow reader, when one more that must not be dropped comes: a
/// thirty-second part of a shard's places (QueueLimits), so that a handful of connections cannot
/// take them all. No client waits for that many answers. Beyond: voice among them is dropped,
/// oldest first, and without any it is a slow consumer.
constexpr std::uint32_t lasting_frames_max = 2048;

/// Queued frames that leave as one send. More gains nothing: the cost of a segment is shared by
/// then, and the copy grows.
constexpr std::size_t coalesced_bytes_max = std::size_t{8} << 10;

/// How long an exhausted listener waits: accepts resume within a second after descriptors are free
/// (requirement C5), at ten tries a second.
constexpr Duration accept_retry = std::chrono::milliseconds{100};

/// What may wait for a peer before nothing more is read from it (requirement D3), and how little
/// must be left before it is read on. Answers to one read may still be added: 4 KiB of pings, the
/// smallest question, are 680 answers, so 1,024 frames and those stay below lasting_frames_max.
constexpr std::size_t unread_bytes_mark = std::size_t{64} << 10;
constexpr std::uint32_t unread_frames_mark = 1024;
constexpr std::size_t read_on_bytes_mark = unread_bytes_mark / 4;
constexpr std::uint32_t read_on_frames_mark = unread_frames_mark / 4;

/// What had been received when reading stopped is handed on in pieces as large as the ring's.
constexpr std::size_t kept_piece_bytes = std::size_t{4} << 10;
static_assert(unread_frames_mark + kept_piece_bytes / 6 < lasting_frames_max);

/// Under memory pressure the queues of what lasts are so many times shorter (requirement D4).
constexpr std::size_t pressed_divisor = 8;

// TLS.

/// What a peer may send before its TLS handshake is over: a ClientHello has 250 to 2,000 bytes,
/// with post-quantum keys and a ticket. As much as may come before a sign-in in all (requirement
/// V12). Beyond: the connection is dropped.
constexpr std::size_t handshake_bytes_max = std::size_t{16} << 10;

/// Handshakes of one shard that have begun: of each OpenSSL keeps about 60 KiB until it is over, so
/// these are 60 MiB. Beyond: who comes waits, and the oldest gives way to it once it has had the
/// time below.
constexpr std::size_t handshakes_max = 1024;

/// What a peer may take for a handshake while others wait for its place: a round trip of a slow
/// mobile network. A shard makes some 3,000 signatures a second, so within this time it begins no
/// more handshakes than have a place: peers that begin and never answer take its signatures from
/// others, but not their places.
constexpr Duration handshake_patience = std::chrono::milliseconds{300};

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
