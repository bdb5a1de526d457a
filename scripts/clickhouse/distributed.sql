-- On every node of the cluster, over the local or replicated tables of its shards.  Collectors write to the tables of one shard
-- (any of its replicas); who asks, asks the tables *_all.
CREATE TABLE IF NOT EXISTS @database@.@prefix@calls_all AS @database@.@prefix@calls
ENGINE = Distributed(@cluster@, @database@, @prefix@calls, sipHash64(uid));
CREATE TABLE IF NOT EXISTS @database@.@prefix@registrations_all AS @database@.@prefix@registrations
ENGINE = Distributed(@cluster@, @database@, @prefix@registrations, sipHash64(uid));
CREATE TABLE IF NOT EXISTS @database@.@prefix@transactions_all AS @database@.@prefix@transactions
ENGINE = Distributed(@cluster@, @database@, @prefix@transactions, sipHash64(uid));
CREATE TABLE IF NOT EXISTS @database@.@prefix@messages_all AS @database@.@prefix@messages
ENGINE = Distributed(@cluster@, @database@, @prefix@messages, sipHash64(uid));
CREATE TABLE IF NOT EXISTS @database@.@prefix@streams_all AS @database@.@prefix@streams
ENGINE = Distributed(@cluster@, @database@, @prefix@streams, sipHash64(uid));
CREATE TABLE IF NOT EXISTS @database@.@prefix@call_facts_all AS @database@.@prefix@call_facts
ENGINE = Distributed(@cluster@, @database@, @prefix@call_facts, sipHash64(uid));
