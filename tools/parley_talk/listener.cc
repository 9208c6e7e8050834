// Listener: one burst per talker at a time, written to the file when it ends.
#include "parley_talk/listener.h"

#include <cstdio>
#include <fmt/format.h>
#include <map>
#include <rapidjson/document.h>
#include <string>

#include "client/json.h"
#include "client/link.h"
#include "client/wav.h"

namespace parley::talk {
namespace {

using client::Done;
using client::Failure;
using client::Link;
using client::Outcome;
using client::Received;
using client::ServerMessage;
using client::Type;

constexpr std::chrono::seconds answer_max{10};
constexpr std::chrono::seconds silence_max{5};  // then a radio ends a burst by itself
constexpr std::size_t talkers_max = 4096;       // remembered; a server could name any number

/// The duration in STOP's payload, `{"duration":<ms>,"message_id":…}`; nothing if it has none.
std::optional<milliseconds> stop_duration(std::string_view payload) {
    rapidjson::Document json;
    json.Parse<rapidjson::kParseIterativeFlag>(payload.data(), payload.size());
    if (json.HasParseError() || !json.IsObject()) return std::nullopt;
    const auto member = json.FindMember("duration");
    if (member == json.MemberEnd() || !member->value.IsUint()) return std::nullopt;
    return milliseconds{member->value.GetUint()};
}

class Ear final {
public:
    Ear(const Options& options, client::WavWriter file)
        : options_(options), file_(std::move(file)) {}

    Done hear(const ServerMessage& message, Clock::time_point at) {
        switch (static_cast<Type>(message.type)) {
            case Type::start:
                return on_start(name_of(message), at);
            case Type::audio:
                return on_audio(name_of(message), message, at);
            case Type::stop:
                return on_stop(name_of(message), message);
            case Type::login_duplicated:
                return Failure{fmt::format("'{}' has signed in elsewhere, so this connection ends",
                                           options_.user)};
            default:
                return Ok{};
        }
    }

    /// Ends the bursts whose talkers have been silent for long.
    Done expire(Clock::time_point now) {
        for (auto& [name, talker] : talkers_) {
            if (!talker || now - talker->heard_at().value_or(now) < silence_max) continue;
            if (auto ended = end(name, talker, std::nullopt); !ended) return ended;
        }
        return Ok{};
    }

    /// Ends all bursts; what was heard is complete then.
    Outcome<Heard> finish() {
        for (auto& [name, talker] : talkers_) {
            if (!talker) continue;
            if (auto ended = end(name, talker, std::nullopt); !ended) return ended.error();
        }
        heard_.seconds = static_cast<double>(file_.sample_count()) / options_.rate_hz;
        return heard_;
    }

    void count_malformed() noexcept { ++heard_.malformed; }

private:
    /// The burst under way, or nothing after STOP.
    using Talker = std::optional<Burst>;

    static std::string name_of(const ServerMessage& message) {
        return message.channel == client::Channel::group
                   ? fmt::format("{} in group {}", message.from.id(), message.to.id())
                   : fmt::format("{} in private", message.from.id());
    }

    /// Tells the person who watches; standard output stays free for the one JSON object.
    void say(std::string_view line) const {
        std::FILE* where = options_.json ? stderr : stdout;
        fmt::print(where, "{}\n", line);
        std::fflush(where);
    }

    Done on_start(const std::string& name, Clock::time_point at) {
        if (talkers_.size() >= talkers_max) talkers_.clear();
        Talker& talker = talkers_[name];
        if (talker) {
            if (auto ended = end(name, talker, std::nullopt); !ended) return ended;
        }
        talker.emplace(at);
        say(fmt::format("{} talks", name));
        return Ok{};
    }

    Done on_audio(const std::string& name, const ServerMessage& message, Clock::time_point at) {
        const auto known = talkers_.find(name);
        if (known != talkers_.end() && !known->second) {
            ++heard_.out_of_order;
            return Ok{};
        }
        if (talkers_.size() >= talkers_max) talkers_.clear();
        Talker& talker = talkers_[name];
        if (!talker) {
            talker.emplace(std::nullopt);
            say(fmt::format("{} is talking", name));
        }
        const auto content = message.payload.content;
        if (!talker->add(client::Packet{content.begin(), content.end()}, at)) count_malformed();
        if (talker->frame_count() < Burst::frames_max) return Ok{};
        if (auto ended = end(name, talker, std::nullopt); !ended) return ended;
        talker.emplace(std::nullopt);
        return Ok{};
    }

    Done on_stop(const std::string& name, const ServerMessage& message) {
        const auto talker = talkers_.find(name);
        if (talker == talkers_.end() || !talker->second) return Ok{};  // nothing was under way
        return end(name, talker->second, stop_duration(message.payload.text()));
    }

    Done end(const std::string& name, Talker& talker, std::optional<milliseconds> lasted) {
        const BurstCounts counts = talker->finish(lasted, options_.late_after);
        PARLEY_TRY(client::VoiceDecoder decoder, client::VoiceDecoder::create(options_.rate_hz));
        std::vector<std::int16_t> samples;
        talker->decode(decoder, samples);
        talker.reset();
        if (auto written = file_.append(samples); !written) return written;
        heard_.counts += counts;
        ++heard_.bursts;
        say(fmt::format("{} ended: {:.2f} s, frames {}, lost {}, late {}", name,
                        static_cast<double>(samples.size()) / options_.rate_hz, counts.frames,
                        counts.lost, counts.late));
        return Ok{};
    }

    const Options& options_;
    client::WavWriter file_;
    std::map<std::string, Talker> talkers_;
    Heard heard_;
};

/// Joins the group, and waits until the server has taken it in: requests are answered in order.
Done join(Link& link, const Options& options) {
    const client::Address address{client::Channel::group, options.user, options.group};
    client::Bytes request;
    if (!options.group.empty()) {
        append_request(request, address, Type::user_add);
        if (auto sent = link.send(request); !sent) return sent;
        request.clear();
    }
    append_request(request, address, Type::connection_test, std::uint64_t{1});
    if (auto sent = link.send(request); !sent) return sent;
    const auto deadline = Clock::now() + answer_max;
    while (true) {
        auto received = link.receive(deadline);
        if (!received) return received.error();
        if (received->what == Received::What::stopped) return Ok{};
        if (received->what == Received::What::nothing) {
            return Failure{"the server does not answer; is it a VoicePing server?"};
        }
        if (received->what == Received::What::message &&
            received->message.type == static_cast<std::uint8_t>(Type::connection_ack)) {
            return Ok{};
        }
    }
}

Done hear_all(Link& link, Ear& ear, const Options& options) {
    const auto end = options.time_max ? Clock::now() + *options.time_max : Clock::time_point::max();
    while (true) {
        const auto now = Clock::now();
        if (now >= end) return Ok{};
        auto received = link.receive(std::min(end, now + std::chrono::seconds{1}));
        if (!received) return received.error();
        if (received->what == Received::What::stopped) return Ok{};
        if (received->what == Received::What::malformed) ear.count_malformed();
        if (received->what == Received::What::message) {
            if (auto done = ear.hear(received->message, received->at); !done) return done;
        } else {
            if (auto done = ear.expire(now); !done) return done;
        }
    }
}

}  // namespace

Outcome<Heard> listen(const Options& options) {
    PARLEY_TRY(client::WavWriter file, client::WavWriter::create(options.out, options.rate_hz));
    const client::SignIn sign_in{options.token, "parley-talk"};
    PARLEY_TRY(Link link,
               Link::open(options.server, options.trust, sign_in, Clock::now() + answer_max));
    if (auto joined = join(link, options); !joined) return joined.error();
    fmt::print(stderr, "listening as {}{}{}\n", options.user,
               options.group.empty() ? "" : " in group ", options.group);

    Ear ear{options, std::move(file)};
    auto ended = hear_all(link, ear, options);
    PARLEY_TRY(Heard heard, ear.finish());
    if (ended) {
        link.close();
    } else {
        heard.failure = ended.error().text;
    }
    return heard;
}

void print(const Heard& heard, const Options& options) {
    if (options.json) {
        client::JsonObject json;
        json.add("bursts", heard.bursts);
        json.add("frames", heard.counts.frames);
        json.add("lost", heard.counts.lost);
        json.add("late", heard.counts.late);
        json.add("out_of_order", heard.out_of_order);
        json.add("malformed", heard.malformed);
        json.add("seconds", heard.seconds);
        json.print();
        return;
    }
    fmt::print(
        "heard {} talk bursts: frames {}, lost {}, late {}, out of order {}; {:.2f} s in {}\n",
        heard.bursts, heard.counts.frames, heard.counts.lost, heard.counts.late, heard.out_of_order,
        heard.seconds, options.out);
    if (heard.malformed > 0) {
        fmt::print("{} messages were not VoicePing arrays or not Opus\n", heard.malformed);
    }
}

}  // namespace parley::talk
