// Sec-WebSocket-Accept: SHA-1 (RFC 3174) of one short text. Not for anything secret.
#include "client/accept_key.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace parley::client {
namespace {

using State = std::array<std::uint32_t, 5>;

constexpr std::size_t block_bytes = 64;

std::uint32_t word_at(std::string_view block, std::size_t index) noexcept {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        word = word << 8 | static_cast<std::uint8_t>(block[index * 4 + i]);
    }
    return word;
}

void add_block(State& state, std::string_view block) noexcept {
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i < 16; ++i)
        w[i] = word_at(block, i);
    for (std::size_t i = 16; i < w.size(); ++i) {
        w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    auto [a, b, c, d, e] = state;
    for (std::size_t i = 0; i < w.size(); ++i) {
        std::uint32_t mixed = 0;
        if (i < 20) {
            mixed = ((b & c) | (~b & d)) + 0x5a827999U;
        } else if (i < 40) {
            mixed = (b ^ c ^ d) + 0x6ed9eba1U;
        } else if (i < 60) {
            mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcU;
        } else {
            mixed = (b ^ c ^ d) + 0xca62c1d6U;
        }
        const std::uint32_t next = std::rotl(a, 5) + mixed + e + w[i];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e};
}

std::string sha1(std::string text) {
    const std::uint64_t bit_count = std::uint64_t{text.size()} * 8;
    text.push_back('\x80');
    while (text.size() % block_bytes != block_bytes - 8)
        text.push_back('\0');
    for (std::size_t i = 8; i-- > 0;)
        text.push_back(static_cast<char>(bit_count >> (8 * i) & 0xff));
    State state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    for (std::size_t at = 0; at < text.size(); at += block_bytes) {
        add_block(state, std::string_view{text}.substr(at, block_bytes));
    }
    std::string digest;
    for (const std::uint32_t word : state) {
        for (std::size_t i = 4; i-- > 0;)
            digest.push_back(static_cast<char>(word >> (8 * i) & 0xff));
    }
    return digest;
}

}  // namespace

std::string accept_for(std::string_view key) {
    return base64(sha1(std::string{key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view group = bytes.substr(at, 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            bits = bits << 8 | (i < group.size() ? static_cast<std::uint8_t>(group[i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            const bool padding = i > group.size();
            text.push_back(padding ? '=' : alphabet[bits >> (18 - 6 * i) & 0x3f]);
        }
    }
    return text;
}

}  // namespace parley::client
