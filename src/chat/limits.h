// chat limits: what may wait here for the store and for proof, and why no more.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace parley::chat {

/// Bytes of messages of one shard that wait for the store: two seconds, which is as long as any
/// waits, of 80 of the largest texts or eight images a second. Beyond: "Not Stored" at once.
constexpr std::size_t keeping_bytes_max = std::size_t{16} << 20;
/// Bytes of receipts that wait for the store. Beyond: they are passed on without being kept.
constexpr std::size_t receipts_bytes_max = std::size_t{4} << 20;

/// Ids one DELIVERED or READ may name: what a screen shows. Further ones are only passed on.
constexpr std::size_t receipt_ids_max = 50;

/// How long a receiver has to say by itself that it got a message, before it is asked with a ping.
/// Long enough that a radio in a lively talk is asked once for many, and short enough that one that
/// changes networks seldom gets a message twice.
constexpr Duration proof_after = std::chrono::seconds{5};
/// Who has not answered is asked again; meanwhile the heartbeat decides whether it is there at all.
constexpr Duration proof_again = std::chrono::seconds{15};

/// Messages delivered to one user that are not settled yet: as many as its queue holds. Beyond, the
/// oldest is forgotten here, as it has given way there.
constexpr std::size_t unsettled_max = 1000;

/// Entries one reading of a queue asks for: what fits a screen.
constexpr std::uint32_t page_entries = 50;
/// Bytes that are sent of a queue before the receiver has to prove that it got them: a quarter of
/// what may wait for a connection (net/limits.h), so that live words find room beside them.
constexpr std::size_t unproven_bytes_max = std::size_t{256} << 10;
/// What an entry counts beside its body: so no more than 256 frames wait for one slow reader.
constexpr std::size_t entry_overhead = std::size_t{1} << 10;
/// Queues of one shard that are being read at a time. An answer has up to 3 MiB: 48 MiB.
constexpr std::size_t readings_max = 16;
/// How soon a store that failed is asked again: recovery within 2 s of its return.
constexpr Duration ask_again_after = std::chrono::milliseconds{500};

/// Questions of one shard on their way that settle something: a tenth of what may wait for the
/// store, so that they never take the place of what people say. Beyond: with the next proof.
constexpr std::size_t settling_max = 4000;

/// How long a message that came from the queue is kept in mind after it was settled, in case its
/// live copy comes late from another shard.
constexpr Duration remembered_for = std::chrono::seconds{30};

}  // namespace parley::chat
