import Redis

/// The atomic steps of the protocol, as Lua scripts. `Tests/CoherenceModel` checks them.
///
/// Positions are compared as numbers, which Lua represents exactly up to 2^53, and stored as the strings received. A
/// mark is known once it has `base`; until then its hash holds the claim, and what `invalidate` raised meanwhile.
enum Script {
    /// KEYS: mark. ARGV: the mark's TTL in ms, position, then pairs of product and position.
    /// A missing mark stays missing: it means "unknown", and a late invalidation must not make it known.
    static let invalidate = RedisScript(
        """
        if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
        local function raise(field, position)
            local old = redis.call('HGET', KEYS[1], field)
            if not old or tonumber(old) < tonumber(position) then redis.call('HSET', KEYS[1], field, position) end
        end
        raise('*', ARGV[2])
        for i = 3, #ARGV, 2 do raise(ARGV[i], ARGV[i + 1]) end
        if redis.call('HLEN', KEYS[1]) > 259 then
            local known = redis.call('HGET', KEYS[1], 'base')
            local highest = redis.call('HGET', KEYS[1], '*')
            redis.call('DEL', KEYS[1])
            if not known then return 0 end
            redis.call('HSET', KEYS[1], 'base', highest, '*', highest)
        end
        redis.call('PEXPIRE', KEYS[1], ARGV[1])
        return 1
        """)

    /// KEYS: mark. ARGV: the mark's TTL in ms, nonce.
    /// Returns 1 if the caller now has the claim, 0 if another process has it, 2 if the mark is known. A claim from the
    /// future is replaced like an expired one: the clock went back.
    static let claim = RedisScript(
        """
        local mark = redis.call('HMGET', KEYS[1], 'base', 'claimed_at')
        if mark[1] then return 2 end
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local age = now - tonumber(mark[2] or 0)
        if mark[2] and age >= 0 and age < 2000 then return 0 end
        redis.call('HSET', KEYS[1], 'claim', ARGV[2], 'claimed_at', string.format('%.0f', now))
        redis.call('PEXPIRE', KEYS[1], ARGV[1])
        return 1
        """)

    /// KEYS: mark, and the document and its lease if there is one. ARGV: the mark's TTL in ms, nonce (may be empty),
    /// position, product (may be empty), document (empty if it is not to be stored), its TTL in ms.
    /// Establishes the mark if the caller still has the claim; returns 1 if the document was stored. Releases the
    /// caller's lease in any case.
    static let fill = RedisScript(
        """
        if KEYS[3] and redis.call('GET', KEYS[3]) == ARGV[2] then redis.call('DEL', KEYS[3]) end
        local position = tonumber(ARGV[3])
        local mark = redis.call('HMGET', KEYS[1], 'base', '*', 'claim')
        if not mark[1] then
            if ARGV[2] == '' or mark[3] ~= ARGV[2] then return 0 end
            if not mark[2] or tonumber(mark[2]) < position then mark[2] = ARGV[3] end
            mark[1] = ARGV[3]
            redis.call('HSET', KEYS[1], 'base', mark[1], '*', mark[2])
            redis.call('HDEL', KEYS[1], 'claim', 'claimed_at')
        end
        redis.call('PEXPIRE', KEYS[1], ARGV[1])
        if ARGV[5] == '' then return 0 end
        local required = tonumber(mark[2])
        if ARGV[4] ~= '' then
            required = math.max(tonumber(mark[1]), tonumber(redis.call('HGET', KEYS[1], ARGV[4]) or '0'))
        end
        if position < required then return 0 end
        redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[6])
        return 1
        """)

    /// KEYS: beat. ARGV: replication id, beat, its TTL in ms. Returns 1 if it was set.
    /// Refused if Redis has been a replica meanwhile: its marks may be older than before.
    static let beat = RedisScript(
        """
        local information = redis.call('INFO', 'replication')
        if not string.find(information, 'role:master', 1, true) then return 0 end
        if not string.find(information, 'master_replid:' .. ARGV[1], 1, true) then return 0 end
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
        return 1
        """)

    /// KEYS: mark, and the document's lease if there may be one. ARGV: nonce.
    /// Deletes a claimed mark, with what `invalidate` left in it, as if it had been evicted.
    static let abandon = RedisScript(
        """
        if redis.call('HGET', KEYS[1], 'claim') == ARGV[1] then redis.call('DEL', KEYS[1]) end
        if KEYS[2] and redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
        return 1
        """)
}
