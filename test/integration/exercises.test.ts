import { describe, expect, it } from 'vitest';
import { checkExercise, exercisesThat } from './exercises.cases';

/** Every exercise whose checks count. */

const exercises = await exercisesThat('count');

it('there are exercises', () => expect(exercises.length).toBeGreaterThan(0));

describe.concurrent.each(exercises)('$lab.id / $exercise.id', checkExercise);
