// The table of sessions and the post that finds them, on one shard.
#include "session/sessions.h"

#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "session/post.h"
#include "support/one_shard.h"
#include "support/sockets.h"

namespace parley::session {
namespace {

class SessionsTest : public testing::Test, private Commands {
protected:
    ~SessionsTest() override {
        sessions.for_each([](Session& each) { each.abort(); });
        EXPECT_TRUE(one.run_until([this] { return sessions.size() == 0; }));
        one.turn();
    }

    Session& add(const std::string& user) {
        test::TcpPair pair = test::tcp_pair();
        peers.push_back(std::move(pair.theirs));
        Admission admission;
        admission.identity.user = user;
        admission.device = "device of " + user;
        admission.reply = reply;
        Session& session = sessions.add(context, std::move(admission), pair.ours.release());
        if (opens) session.open();
        return session;
    }
    void remove(Session& session) {
        const std::size_t before = sessions.size();
        session.abort();
        EXPECT_TRUE(one.run_until([&] { return sessions.size() < before; }));
    }
    std::vector<Session*> of(UserKey user) {
        std::vector<Session*> found;
        sessions.for_each_of(user, [&found](Session& each) { found.push_back(&each); });
        EXPECT_EQ(sessions.is_signed_in(user), !found.empty());
        return found;
    }

    test::OneShard one{{}};
    wire::voiceping::Decoder decoder{wire::voiceping::Dialect::router_2023};
    SessionContext context{one.net, {}, decoder, wire::voiceping::Dialect::router_2023, *this};
    Sessions sessions;
    Post post{one.shard, sessions};
    std::vector<test::Descriptor> peers;
    int left = 0;
    bool opens = true;
    std::string reply;

private:
    void on_command(Session&, const wire::Command&) noexcept override {}
    bool depends_on_sign_in(Session&, const wire::Command&) noexcept override { return false; }
    void on_pong(Session&, std::span<const std::byte>) noexcept override {}
    void on_leaving(Session& session) noexcept override {
        ++left;
        sessions.sign_out(session);
    }
    void on_gone(Session& session) noexcept override { sessions.remove(session); }
};

TEST_F(SessionsTest, AreFoundByTheirRefs) {
    Session& alice = add("alice");
    Session& bob = add("bob");
    EXPECT_NE(alice.ref(), bob.ref());
    EXPECT_EQ(alice.ref().shard, one.shard.id());
    EXPECT_EQ(sessions.find(alice.ref()), &alice);
    EXPECT_EQ(sessions.find(bob.ref()), &bob);
    EXPECT_EQ(sessions.size(), 2U);
    EXPECT_EQ(alice.user(), "alice");
    EXPECT_EQ(alice.device(), "device of alice");
    EXPECT_EQ(alice.key(), one.shard.key<UserKey>("alice"));
}

TEST_F(SessionsTest, BeginTheirConnectionsWithACacheLine) {
    for (int i = 0; i < 70; ++i) {  // more than a chunk of them
        const auto address = reinterpret_cast<std::uintptr_t>(&add("user " + std::to_string(i)));
        EXPECT_EQ(address % 64, 0U);
    }
}

TEST_F(SessionsTest, KeepDeviceAndGroupsUntilTheyAreOpenAndAnswered) {
    reply = "welcome";
    for (const bool opens_first : {true, false}) {
        opens = false;
        Session& alice = add("alice");
        if (opens_first) alice.open();
        EXPECT_EQ(alice.device(), "device of alice");
        EXPECT_TRUE(alice.token_groups().empty());
        alice.finish_sign_in();
        EXPECT_EQ(context.arrivals.size(), opens_first ? 0U : 1U);
        if (!opens_first) alice.open();
        EXPECT_TRUE(context.arrivals.empty());
        one.turn();
        EXPECT_EQ(test::read_exactly(peers.back(), 7), "welcome");
        EXPECT_EQ(alice.user(), "alice");
    }
}

TEST_F(SessionsTest, LeaveNothingBehindWhenTheyEndBeforeTheyAreAnswered) {
    Session& alice = add("alice");
    EXPECT_EQ(context.arrivals.size(), 1U);
    remove(alice);
    EXPECT_TRUE(context.arrivals.empty());
    add("bob").finish_sign_in();  // in the same slot
}

TEST_F(SessionsTest, AStaleRefFindsNothingEvenWhenItsSlotIsUsedAgain) {
    const SessionRef stale = add("alice").ref();
    remove(*sessions.find(stale));
    EXPECT_EQ(sessions.find(stale), nullptr);
    EXPECT_EQ(sessions.size(), 0U);
    Session& heir = add("bob");
    ASSERT_EQ(heir.ref().slot, stale.slot);
    EXPECT_NE(heir.ref().generation, stale.generation);
    EXPECT_EQ(sessions.find(stale), nullptr);
    EXPECT_EQ(sessions.find(heir.ref()), &heir);
}

TEST_F(SessionsTest, ARefOfASlotThatNeverWasFindsNothing) {
    EXPECT_EQ(sessions.find({.slot = 0}), nullptr);
    EXPECT_EQ(sessions.find({.slot = 1000}), nullptr);
    const SessionRef ref = add("alice").ref();
    EXPECT_EQ(sessions.find({.slot = ref.slot, .generation = ref.generation + 1}), nullptr);
}

TEST_F(SessionsTest, ManyComeAndGoAndNoRefIsEverGivenTwice) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
    for (int i = 0; i < 40; ++i) {
        const SessionRef ref = add("user").ref();
        EXPECT_TRUE(seen.emplace(ref.slot, ref.generation).second);
        if (i % 4 != 0) remove(*sessions.find(ref));
    }
    EXPECT_EQ(sessions.size(), 10U);
    std::size_t visited = 0;
    sessions.for_each([&visited](Session&) { ++visited; });
    EXPECT_EQ(visited, 10U);
}

TEST_F(SessionsTest, AreTheirUsersFromSignInToSignOut) {
    Session& phone = add("alice");
    Session& tablet = add("alice");
    Session& bob = add("bob");
    EXPECT_TRUE(of(phone.key()).empty());
    sessions.sign_in(phone);
    sessions.sign_in(tablet);
    sessions.sign_in(bob);
    EXPECT_EQ(of(phone.key()), (std::vector<Session*>{&phone, &tablet}));
    EXPECT_FALSE(sessions.sign_out(phone));
    EXPECT_FALSE(sessions.sign_out(phone));  // again: harmless
    EXPECT_EQ(of(phone.key()), (std::vector<Session*>{&tablet}));
    EXPECT_TRUE(sessions.sign_out(tablet));
    EXPECT_FALSE(sessions.is_signed_in(phone.key()));
    EXPECT_EQ(of(bob.key()), (std::vector<Session*>{&bob}));
}

TEST_F(SessionsTest, MaySignOutWhileTheirUsersAreVisited) {
    std::vector<Session*> all;
    for (int i = 0; i < 20; ++i) {
        all.push_back(&add(i % 2 == 0 ? "alice" : "bob"));
        sessions.sign_in(*all.back());
    }
    std::size_t visited = 0;
    std::size_t stayed = 0;
    const UserKey alice = all.front()->key();
    sessions.for_each_of(alice, [&](Session& each) {
        EXPECT_EQ(each.key(), alice);
        if (++visited % 3 == 0) {
            ++stayed;
        } else {
            sessions.sign_out(each);
        }
    });
    EXPECT_EQ(visited, 10U);
    EXPECT_EQ(of(alice).size(), stayed);
    EXPECT_EQ(of(all.back()->key()).size(), 10U);
}

TEST_F(SessionsTest, LeaveOnceHoweverTheyEnd) {
    Session& closed = add("alice");
    Session& broken = add("bob");
    sessions.sign_in(closed);
    sessions.sign_in(broken);
    closed.close(ws::CloseCode::normal, "bye");
    EXPECT_EQ(left, 1);
    EXPECT_FALSE(closed.is_open());
    closed.abort();
    test::close_with_reset(peers[1]);
    ASSERT_TRUE(one.run_until([this] { return sessions.size() == 0; }));
    EXPECT_EQ(left, 2);
}

TEST_F(SessionsTest, AnAbortIsHeardOfFromTheLoopAndNotWithinTheCall) {
    Session& alice = add("alice");
    Session& bob = add("bob");
    for (Session* each : {&alice, &bob})
        sessions.sign_in(*each);
    alice.abort();
    EXPECT_FALSE(alice.is_open());
    EXPECT_EQ(left, 0);
    EXPECT_EQ(of(alice.key()), (std::vector<Session*>{&alice}));
    // So whoever is telling many something may come by it.
    post.tell_user(alice.key(), {.kind = wire::Kind::delivered, .scope = wire::Scope::direct});
    ASSERT_TRUE(one.run_until([this] { return sessions.size() == 1; }));
    EXPECT_EQ(left, 1);
    EXPECT_FALSE(sessions.is_signed_in(one.shard.key<UserKey>("alice")));
}

constexpr std::byte nothing{0xc0};
const wire::Event event{.kind = wire::Kind::delivered,
                        .scope = wire::Scope::direct,
                        .from = {&nothing, 1},
                        .to = {&nothing, 1}};
// The frame: a head, and [1, 20, nil, nil, nil].
const std::string told{"\x82\x06\x95\x01\x14\xc0\xc0\xc0", 8};

TEST_F(SessionsTest, AreToldByRefAndNobodyIsToldByAStaleOne) {
    const SessionRef stale = add("alice").ref();
    remove(*sessions.find(stale));
    Session& heir = add("bob");
    one.turn();
    one.turn();
    const std::uint64_t sends = one.net.sends;
    post.tell(stale, event);
    EXPECT_EQ(one.net.sends, sends);
    post.tell(heir.ref(), event);
    one.turn();
    EXPECT_EQ(test::read_exactly(peers[1], told.size()), told);
}

TEST_F(SessionsTest, AllOfAUserAreToldAndNobodyElse) {
    Session& phone = add("alice");
    Session& tablet = add("alice");
    Session& bob = add("bob");
    for (Session* each : {&phone, &tablet, &bob})
        sessions.sign_in(*each);
    post.tell_user(phone.key(), event);
    post.tell_user(one.shard.key<UserKey>("nobody"), event);
    ASSERT_TRUE(one.run_until([this] { return one.shard.frames().outstanding() == 0; }));
    EXPECT_EQ(test::read_exactly(peers[0], told.size()), told);
    EXPECT_EQ(test::read_exactly(peers[1], told.size()), told);
    std::string of_bob;
    EXPECT_EQ(test::read_waiting(peers[2], of_bob), test::Stream::open);
    EXPECT_EQ(of_bob, "");
}

}  // namespace
}  // namespace parley::session
