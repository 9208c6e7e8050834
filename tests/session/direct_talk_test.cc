#include "session/direct_talk.h"

#include <gtest/gtest.h>

#include "session/limits.h"

namespace parley::session {
namespace {

using std::chrono::seconds;
constexpr UserKey alice{1};
constexpr UserKey bob{2};
const Instant now{seconds{100}};

TEST(DirectTalks, FindsWhatBegan) {
    DirectTalks talks;
    EXPECT_EQ(talks.find(alice), nullptr);
    talks.begin(alice, now);
    talks.begin(bob, now + seconds{1});
    ASSERT_NE(talks.find(alice), nullptr);
    EXPECT_EQ(talks.find(alice)->began, now);
    EXPECT_EQ(talks.find(bob)->began, now + seconds{1});
    EXPECT_EQ(talks.find(UserKey{3}), nullptr);
}

TEST(DirectTalks, EndsOneAndKeepsTheOthers) {
    DirectTalks talks;
    talks.begin(alice, now);
    talks.begin(bob, now);
    talks.end(alice);
    EXPECT_EQ(talks.find(alice), nullptr);
    EXPECT_NE(talks.find(bob), nullptr);
    talks.end(alice);  // again: nothing
    EXPECT_NE(talks.find(bob), nullptr);
}

TEST(DirectTalks, BeginningAnewForgetsTheTalkBefore) {
    DirectTalks talks;
    DirectTalk& first = talks.begin(alice, now);
    first.stopping = true;
    first.revoked = true;
    const DirectTalk& second = talks.begin(alice, now + seconds{5});
    EXPECT_EQ(second.began, now + seconds{5});
    EXPECT_FALSE(second.stopping);
    EXPECT_FALSE(second.revoked);
    talks.end(alice);
    EXPECT_EQ(talks.find(alice), nullptr);  // there was only one
}

TEST(DirectTalks, TheOldestGivesWayWhenThereAreTooMany) {
    DirectTalks talks;
    for (std::uint64_t i = 0; i < direct_talks_max; ++i)
        talks.begin(UserKey{i}, now);
    talks.begin(UserKey{0}, now + seconds{1});  // is the youngest from now on
    talks.begin(UserKey{1000}, now + seconds{2});
    EXPECT_EQ(talks.find(UserKey{1}), nullptr);
    EXPECT_NE(talks.find(UserKey{0}), nullptr);
    for (std::uint64_t i = 2; i < direct_talks_max; ++i) {
        EXPECT_NE(talks.find(UserKey{i}), nullptr) << i;
    }
    EXPECT_NE(talks.find(UserKey{1000}), nullptr);
}

}  // namespace
}  // namespace parley::session
