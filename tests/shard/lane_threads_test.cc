// One lane between two real threads.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <span>
#include <thread>

#include "shard/lane.h"

namespace parley {
namespace {

constexpr std::uint64_t record_count = 1'000'000;

std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31);
}

// Both sides know each record's size and bytes from its number alone.
std::size_t size_of(std::uint64_t number, std::size_t largest) {
    const std::uint64_t chance = mixed(number);
    if (chance % 256 == 0) return 1 + chance / 256 % largest;
    return 1 + chance / 256 % 120;
}

void fill(std::span<std::byte> bytes, std::uint64_t number) {
    std::uint64_t word = mixed(~number);
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(word), ++word) {
        std::memcpy(bytes.data() + at, &word, std::min(sizeof(word), bytes.size() - at));
    }
}

bool holds(std::span<const std::byte> bytes, std::uint64_t number) {
    std::uint64_t word = mixed(~number);
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(word), ++word) {
        const std::size_t size = std::min(sizeof(word), bytes.size() - at);
        if (std::memcmp(bytes.data() + at, &word, size) != 0) return false;
    }
    return true;
}

void write_all(Lane& lane, const std::atomic<bool>& failed) {
    for (std::uint64_t number = 0; number < record_count && !failed.load(); ++number) {
        const std::size_t size = size_of(number, lane.record_bytes_max());
        const auto kind = static_cast<RecordKind>(1 + number % 8);
        auto place = lane.reserve(kind, size);
        while (place.empty()) {  // full
            lane.publish();
            std::this_thread::yield();
            if (failed.load()) return;
            place = lane.reserve(kind, size);
        }
        fill(place, number);
        lane.commit();
        if (mixed(number) % 16 == 0) lane.publish();
    }
    lane.publish();
}

// The number of the first record that was not as it should be; record_count if all were.
std::uint64_t read_all(Lane& lane) {
    for (std::uint64_t number = 0; number < record_count; ++number) {
        Lane::Record record;
        while (!lane.front(record))
            std::this_thread::yield();
        // Now and then it takes its time: the writer must not come round to the record meanwhile.
        for (int pause = number % 1024 == 0 ? 20 : 0; pause > 0; --pause)
            std::this_thread::yield();
        const bool right = record.kind == static_cast<RecordKind>(1 + number % 8) &&
                           record.bytes.size() == size_of(number, lane.record_bytes_max()) &&
                           holds(record.bytes, number);
        if (!right) return number;
        // The place is the reader's until pop().
        std::memset(record.bytes.data(), 0xdd, record.bytes.size());
        lane.pop();
    }
    return record_count;
}

TEST(LaneThreads, PassAMillionRecordsWholeAndInOrder) {
    Lane lane{16384};
    std::atomic<bool> failed{false};
    std::thread writer{[&] { write_all(lane, failed); }};
    const std::uint64_t right = read_all(lane);
    failed.store(right != record_count);
    writer.join();
    EXPECT_EQ(right, record_count);
    EXPECT_TRUE(lane.empty());
}

}  // namespace
}  // namespace parley
