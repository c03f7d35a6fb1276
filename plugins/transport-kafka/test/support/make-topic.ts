import type { Admin, ITopicConfig } from 'kafkajs';
import { pause } from './talk.ts';

/** Makes a topic as somebody else would. What kafkajs does by itself to wait for leaders throws on a busy machine. */
export async function makeTopic(admin: Admin, topic: ITopicConfig): Promise<void> {
  await admin.createTopics({ waitForLeaders: false, topics: [topic] });
  for (;;) {
    const found = await admin.fetchTopicMetadata({ topics: [topic.topic] }).catch(() => undefined);
    const partitions = found?.topics[0]?.partitions ?? [];
    if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) return;
    await pause(20);
  }
}
