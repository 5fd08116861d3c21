import { Bone, Bones } from '../look/State';

/** The shape of the whole, until it is known what stands in it. */
export function Skeleton() {
  return (
    <div className="flex h-full bg-canvas">
      <div className="hidden w-68 shrink-0 flex-col gap-3 border-e border-line bg-side p-4 md:flex">
        <Bone className="mb-4 h-8 w-40" />
        {['w-44', 'w-32', 'w-40', 'w-28', 'w-36', 'w-24'].map((width) => <Bone key={width} className={`h-4 ${width}`} />)}
      </div>
      <div className="flex min-w-0 flex-1 flex-col justify-end p-6"><Bones count={6} /></div>
    </div>
  );
}
