// Sound for tests of recordings: packets as a radio makes them, and what a player finds in a
// stream.
#pragma once

#include <array>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <numbers>
#include <opus/opus.h>
#include <vector>

#include "record/ogg_opus.h"

namespace parley::record {

using Bytes = OggOpus::Bytes;

constexpr int rate = 16'000;
constexpr int frame_samples = rate / 50;  // 20 ms

struct Destroy {
    void operator()(OpusEncoder* encoder) const { opus_encoder_destroy(encoder); }
    void operator()(OpusDecoder* decoder) const { opus_decoder_destroy(decoder); }
};

// A tone, in packets of 20 ms.
inline std::vector<Bytes> tone(std::size_t packets) {
    int error = 0;
    const std::unique_ptr<OpusEncoder, Destroy> encoder{
        opus_encoder_create(rate, 1, OPUS_APPLICATION_VOIP, &error)};
    std::vector<Bytes> all;
    double phase = 0;
    for (std::size_t i = 0; i < packets; ++i) {
        std::array<opus_int16, frame_samples> samples;
        for (opus_int16& sample : samples) {
            sample = static_cast<opus_int16>(8000 * std::sin(phase));
            phase += 2 * std::numbers::pi * 440 / rate;
        }
        std::array<unsigned char, 400> coded;
        const int size =
            opus_encode(encoder.get(), samples.data(), frame_samples, coded.data(), coded.size());
        const auto bytes = std::as_bytes(std::span{coded}).first(static_cast<std::size_t>(size));
        all.emplace_back(bytes.begin(), bytes.end());
    }
    return all;
}

// What a player finds in a stream.
struct Played {
    std::vector<Bytes> packets;  // heads included
    std::vector<std::int64_t> pages;
    bool begins = false;
    bool ends = false;
    std::string tags() const {
        return {reinterpret_cast<const char*>(packets.at(1).data()), packets.at(1).size()};
    }
};

inline Played play(const Bytes& file) {
    Played played;
    ogg_sync_state sync{};
    ogg_sync_init(&sync);
    std::memcpy(ogg_sync_buffer(&sync, static_cast<long>(file.size())), file.data(), file.size());
    ogg_sync_wrote(&sync, static_cast<long>(file.size()));
    ogg_stream_state stream{};
    ogg_page page{};
    int found = 0;
    while ((found = ogg_sync_pageout(&sync, &page)) != 0) {
        EXPECT_EQ(found, 1) << "bytes that are no page";
        if (ogg_page_bos(&page) != 0) {
            ogg_stream_init(&stream, ogg_page_serialno(&page));
            played.begins = true;
        }
        EXPECT_EQ(ogg_stream_pagein(&stream, &page), 0);
        played.pages.push_back(ogg_page_granulepos(&page));
        if (ogg_page_eos(&page) != 0) played.ends = true;
        ogg_packet packet{};
        while (ogg_stream_packetout(&stream, &packet) == 1) {
            const auto* bytes = reinterpret_cast<const std::byte*>(packet.packet);
            played.packets.emplace_back(bytes, bytes + packet.bytes);
        }
    }
    ogg_stream_clear(&stream);
    ogg_sync_clear(&sync);
    return played;
}

}  // namespace parley::record
