// limits: how much of anything the decoders accept.
#pragma once

#include <cstddef>

namespace parley::wire {

/// Arrays and maps inside each other, the message itself included. What real clients send has at
/// most 4 levels; 32 leaves room and keeps every walk's stack at 32 counters.
inline constexpr std::size_t depth_max = 32;

/// Keys of a map that is rebuilt, or of an object inside a text (requirement B8). Those that stand
/// for bytes are not rebuilt, and not meant. To put keys in order takes longer than to read them:
/// 43,690 in one message took 12 ms of a shard.
inline constexpr std::size_t map_keys_max = 64;

/// Bytes of the string form of a user or group id. The longest ids seen are signed tokens used as
/// user ids: a 512-byte RSA signature and 2.5 KiB of claims, both in base64, stay below 4 KiB.
inline constexpr std::size_t id_bytes_max = 4096;

/// An id that had to be encoded again: the longest text and its str 16 head.
inline constexpr std::size_t id_encoded_bytes_max = id_bytes_max + 3;

/// Bytes of a payload or message id whose value has to be rebuilt: maps, arrays and extension
/// types. Bytes and text, which only need a look at their head, are not meant. The rebuilt value
/// is at most 16 times as long (the one-byte key `80` becomes the text "[object Object]"): 4 MiB,
/// and the same again while keys are put in order. All of it is given back before the next message.
inline constexpr std::size_t rebuilt_bytes_max = std::size_t{256} * 1024;

/// Scratch space a decoder keeps from one message to the next; what one large message needed
/// beyond it is given back. 64 KiB holds every message that is part of a talk.
inline constexpr std::size_t scratch_kept_bytes_max = std::size_t{64} * 1024;

static_assert(id_bytes_max < 65536, "str 16 must hold every id");
static_assert(rebuilt_bytes_max > scratch_kept_bytes_max);

}  // namespace parley::wire
