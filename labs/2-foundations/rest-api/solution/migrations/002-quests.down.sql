DROP TABLE party_members;
DROP TABLE quests;
