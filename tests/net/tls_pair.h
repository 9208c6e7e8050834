// tls_pair: two channels back to back, client and server, with the bytes between them in the hand
// of the test.
#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <string>

#include "certificates.h"
#include "net/tls_channel.h"
#include "net/tls_source.h"

namespace parley::net::tls {

inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text});
}

/// One channel, and what came out of it.
class End {
public:
    explicit End(std::unique_ptr<Channel> made) : channel(std::move(made)) {}

    /// Takes in sealed bytes, as a connection does.
    void take_in(std::span<const std::byte> sealed) {
        using Phase = Channel::Phase;
        if (channel->phase() == Phase::hello || channel->phase() == Phase::handshake) {
            last_kept = channel->keep(sealed);
            if (last_kept != Channel::Kept::ready) return;
            channel->step();
        } else {
            channel->feed(sealed);
        }
        drain();
    }
    void drain() {
        std::array<std::byte, 5000> place;  // less than a record
        while (true) {
            const Channel::Read read = channel->read(place);
            if (read.got != Channel::Got::data) {
                if (read.got != Channel::Got::nothing) last_got = read.got;
                return;
            }
            plain.append(reinterpret_cast<const char*>(read.plain.data()), read.plain.size());
        }
    }
    /// Seals it behind what TLS itself has to say.
    void say(std::string_view text) {
        channel->take_output(leaving);
        ASSERT_TRUE(channel->seal(bytes_of(text), leaving));
    }

    std::unique_ptr<Channel> channel;
    std::string plain;  ///< what the other said
    Bytes leaving;
    Channel::Kept last_kept{};
    Channel::Got last_got = Channel::Got::nothing;
};

class TlsPairTest : public testing::Test {
protected:
    void use(std::vector<Files> files) {
        std::string error;
        source = Source::load(std::move(files), error);
        ASSERT_NE(source, nullptr) << error;
    }
    /// A client that trusts one certificate alone, on its way to `host`.
    void meet(const std::string& host, const std::string& trusted) {
        std::string error;
        context = Context::client({.ca_file = trusted}, error);
        ASSERT_TRUE(context) << error;
        server = std::make_unique<End>(std::make_unique<Channel>(*source));
        client = std::make_unique<End>(std::make_unique<Channel>(context, host));
        client->channel->step();
    }
    /// Carries what leaves one end to the other, in pieces of any size, until nothing leaves.
    void carry() {
        while (carry_one(*client, *server) || carry_one(*server, *client))
            continue;
    }
    bool carry_one(End& from, End& to) {
        from.channel->take_output(from.leaving);
        if (from.leaving.empty()) return false;
        const Bytes bytes = std::exchange(from.leaving, {});
        std::span<const std::byte> left = bytes;
        while (!left.empty()) {
            const std::size_t size = std::min<std::size_t>(left.size(), 1 + random() % piece_max);
            // A copy of exact size, so that a sanitizer sees whoever looks beyond it.
            const Bytes piece{left.begin(), left.begin() + static_cast<std::ptrdiff_t>(size)};
            to.take_in(piece);
            left = left.subspan(size);
        }
        return true;
    }
    bool both_open() const { return client->channel->is_open() && server->channel->is_open(); }

    test::Folder folder;
    std::mt19937_64 random{17};
    std::size_t piece_max = 1 << 20;
    std::unique_ptr<Source> source;
    Context context;
    std::unique_ptr<End> server;
    std::unique_ptr<End> client;
};

}  // namespace parley::net::tls
