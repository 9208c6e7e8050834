// Desk: a recorder on a folder of its own, with a lane that the test speaks into and an index that
// takes down what it is told.
#pragma once

#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "record/recorder.h"
#include "record/sound.h"
#include "wire/value.h"

namespace parley::record {

class Notes final : public Index {
public:
    void keep(const Kept& one) override { kept.push_back(one); }
    void forget(std::string_view id) override { forgotten.emplace_back(id); }
    std::size_t take_answered() override { return std::exchange(answered, 0); }

    std::vector<Kept> kept;
    std::vector<std::string> forgotten;
    std::size_t answered = 0;
};

/// Writes down what a recorder says of its trouble.
class Alarm {
public:
    Recorder::Trouble trouble() noexcept { return Recorder::Trouble::to<&Alarm::note>(*this); }
    std::vector<int> said;

private:
    void note(int error) noexcept { said.push_back(error); }
};

/// When all talks of the tests begin.
inline constexpr WallTime morning{std::chrono::milliseconds{1'774'080'000'000}};  // 2026-03-21

class Desk : public testing::Test {
protected:
    Desk() : base_(testing::TempDir() + "parley-recordings-XXXXXX") {
        EXPECT_NE(mkdtemp(base_.data()), nullptr);
        options.folder = base_ + "/recordings";
    }
    ~Desk() override { std::filesystem::remove_all(base_); }

    /// Once more, as after a crash: what was not taken from the lane is lost with it.
    void open() {
        lane = std::make_unique<Lane>(lane_bytes);
        recorder = std::make_unique<Recorder>(
            options, Sync::every_second, std::vector<Lane*>{lane.get()}, index, alarm.trouble());
        std::string error;
        ASSERT_TRUE(recorder->open(error)) << error;
    }
    void poll() {
        recorder->poll(
            now, morning + std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()));
    }

    void begins(std::uint64_t talk, std::string_view to, std::string_view from) {
        const TalkBegan head{static_cast<TalkNumber>(talk), now, morning, wire::Scope::group,
                             static_cast<std::uint32_t>(to.size())};
        put(RecordKind::talk_began, head, std::string{to} + std::string{from});
    }
    void says(std::uint64_t talk, const Bytes& packet) {
        std::vector<std::byte> value;
        wire::append_bin(packet, value);
        const TalkPacket head{static_cast<TalkNumber>(talk), now};
        put(RecordKind::talk_packet, head,
            {reinterpret_cast<const char*>(value.data()), value.size()});
    }
    /// 20 ms apart.
    void says(std::uint64_t talk, const std::vector<Bytes>& packets) {
        for (const Bytes& packet : packets) {
            says(talk, packet);
            now += std::chrono::milliseconds{20};
        }
    }
    void ends(std::uint64_t talk, std::string_view id) {
        const TalkEnded head{static_cast<TalkNumber>(talk), now, morning};
        put(RecordKind::talk_ended, head, id);
    }
    std::string path(const std::string& file) const { return options.folder + '/' + file; }
    Bytes sound_of(const std::string& file) const {
        return read_stored(path(file), options.keys).value_or(Bytes{});
    }
    /// Files below the folder whose names end so.
    std::vector<std::string> files(std::string_view ending) const {
        std::vector<std::string> found;
        for (const auto& each : std::filesystem::recursive_directory_iterator(options.folder)) {
            const std::string name = each.path().filename();
            if (each.is_regular_file() && name.ends_with(ending)) found.push_back(each.path());
        }
        return found;
    }

    ArchiveOptions options;
    Notes index;
    Alarm alarm;
    std::unique_ptr<Lane> lane;
    std::unique_ptr<Recorder> recorder;
    Instant now{std::chrono::hours{1}};

private:
    template <class Head>
    void put(RecordKind kind, const Head& head, std::string_view rest) {
        const auto room = lane->reserve(kind, sizeof(head) + rest.size());
        ASSERT_FALSE(room.empty());
        std::memcpy(room.data(), &head, sizeof(head));
        std::memcpy(room.data() + sizeof(head), rest.data(), rest.size());
        lane->commit();
        lane->publish();
    }

    std::string base_;
};

}  // namespace parley::record
