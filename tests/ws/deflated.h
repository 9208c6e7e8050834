// deflated: a peer's side of permessage-deflate, on zlib itself: nothing of the server's code.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <zlib.h>

namespace parley::ws {

/// Compresses as a client would. One that is asked several times refers to what it had before.
class Compressor {
public:
    explicit Compressor(int window_bits = 15, int level = 6) {
        if (deflateInit2(&stream_, level, Z_DEFLATED, -window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
            std::abort();
    }
    Compressor(const Compressor&) = delete;
    Compressor& operator=(const Compressor&) = delete;
    ~Compressor() { deflateEnd(&stream_); }

    /// As if it had sent that before.
    void refer_to(std::string_view before) {
        deflateSetDictionary(&stream_, reinterpret_cast<const Bytef*>(before.data()),
                             static_cast<uInt>(before.size()));
    }
    /// The payload of a message.
    std::string next(std::string_view message) {
        std::string out = run(message, Z_SYNC_FLUSH);
        out.resize(out.size() - 4);
        return out;
    }
    std::string run(std::string_view message, int flush) {
        std::string out(message.size() + message.size() / 8 + 256, '\0');
        std::string in{message};
        stream_.next_in = reinterpret_cast<Bytef*>(in.data());
        stream_.avail_in = static_cast<uInt>(in.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        ::deflate(&stream_, flush);
        if (stream_.avail_out == 0) std::abort();
        out.resize(out.size() - stream_.avail_out);
        return out;
    }

private:
    z_stream stream_{};
};

inline std::string deflated(std::string_view message) {
    return Compressor{}.next(message);
}

/// Reads as a client would that has only so large a window. "!" for what cannot be read.
class Reader {
public:
    explicit Reader(int window_bits = 15) {
        if (inflateInit2(&stream_, -window_bits) != Z_OK) std::abort();
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { inflateEnd(&stream_); }

    std::string next(std::string payload) {
        payload += std::string_view{"\0\0\xff\xff", 4};
        std::string out;
        stream_.next_in = reinterpret_cast<Bytef*>(payload.data());
        stream_.avail_in = static_cast<uInt>(payload.size());
        std::string room(1 << 16, '\0');
        do {
            stream_.next_out = reinterpret_cast<Bytef*>(room.data());
            stream_.avail_out = static_cast<uInt>(room.size());
            const int result = ::inflate(&stream_, Z_SYNC_FLUSH);
            if (result != Z_OK && result != Z_BUF_ERROR) return "!";
            out.append(room, 0, room.size() - stream_.avail_out);
        } while (stream_.avail_out == 0);
        return stream_.avail_in == 0 ? out : "!";
    }

private:
    z_stream stream_{};
};

/// Text that compresses as talk does: words, again and again.
inline std::string talk(std::size_t size) {
    static constexpr std::string_view words[] = {"channel ", "over ",  "roger ", "unit 18 ",
                                                 "copy ",    "north ", "gate ",  "\xe2\x82\xac "};
    std::string text;
    unsigned state = 7;
    while (text.size() < size) {
        state = state * 1664525 + 1013904223;
        text += words[state >> 29];
        text += std::to_string(state % 977);
    }
    text.resize(size);
    while (!text.empty() && (text.back() & 0x80) != 0)
        text.back() = '.';  // no half character at its end
    for (std::size_t i = text.size(); i-- > 0 && text[i] == '.';) {
        if (i > 0 && (text[i - 1] & 0x80) != 0) text[i - 1] = '.';
    }
    return text;
}

/// Bytes that do not compress.
inline std::string noise(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint64_t state = 88172645463325252;
    for (char& each : bytes) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        each = static_cast<char>(state >> 24);
    }
    return bytes;
}

}  // namespace parley::ws
